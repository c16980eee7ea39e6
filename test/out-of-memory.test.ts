/** A GPU that runs out of memory: a typed error with the sizes, nothing is left behind, and the model goes on. */
import { beforeEach, afterEach, describe, expect, it } from "vitest";
import { relu } from "../shaders/relu/kernel.js";
import { Tensor, loadFcn, requestDevice, runKernel } from "../src/node.js";
import type { Device, FcnError } from "../src/node.js";
import { destroyAtPipeline, destroyAtSubmit, destroyAtUpload } from "./helpers/destroy-device.js";
import { sentenceOf } from "./helpers/expect-error.js";
import { limitMemory, report } from "./helpers/memory-budget.js";
import type { Budget } from "./helpers/memory-budget.js";
import { noisePicture } from "./helpers/pictures.js";
import { pause } from "./helpers/promises.js";

const SMALL = noisePicture(48, 64);
const errorOf = (work: Promise<unknown>): Promise<FcnError> =>
  work.then(
    () => Promise.reject(new Error("it resolved")),
    (error: FcnError) => error,
  );

let device: Device;
let budget: Budget;
beforeEach(async () => {
  device = await requestDevice();
  budget = limitMemory(device, Infinity);
});
afterEach(() => device.dispose());

const held = (fcn: { readonly memory: { weights: number; plans: number } }): number =>
  fcn.memory.weights + fcn.memory.plans;

describe("a model", () => {
  it("that has no room for a plan says how much it needed and what is held, and goes on", async () => {
    const fcn = await loadFcn({ device, resize: "none" });
    const expected = (await fcn.segment(SMALL)).labels;
    budget.bytes = budget.live.bytes + 1e6;
    const before = budget.live.bytes;
    const error = await errorOf(fcn.segment(noisePicture(400, 400)));
    expect([error.code, error.message]).toEqual([
      "out-of-memory",
      expect.stringMatching(
        sentenceOf(
          /^a picture of 400 x 400 is too large for this device: plan: the GPU is out of memory for \d+\.\d MB /,
          /more than the \d+\.\d MB that this device holds for this library \(there is no room\); /,
          /dispose of models, or use smaller pictures; /,
          /give loadFcn a smaller resize, such as 200 \(--resize\), or shrink or crop the picture$/,
        ),
      ),
    ]);
    expect((await errorOf(fcn.profile(noisePicture(400, 400)))).message).toMatch(
      /^a picture of 400 x 400 is too large for this device: plan: /,
    );
    await pause();
    expect(budget.live.bytes, "the plan of the other size was freed, in vain").toBeLessThan(before);
    expect(budget.live.bytes).toBe(held(fcn));
    expect(device.allocations.bytes).toBe(held(fcn));
    budget.bytes = before;
    expect((await fcn.segment(SMALL)).labels).toEqual(expected);
    fcn.dispose();
    await pause();
    expect([budget.live.count, device.allocations.bytes]).toEqual([0, 0]);
  });

  it("frees the plans of other sizes for a plan that does not fit beside them", async () => {
    const fcn = await loadFcn({ device, resize: "none" });
    const expected = (await fcn.segment(SMALL)).labels;
    await fcn.segment(noisePicture(120, 120));
    budget.bytes = budget.live.bytes + 1;
    await fcn.segment(noisePicture(100, 130));
    await pause();
    expect(budget.live.bytes).toBe(held(fcn));
    expect((await fcn.segment(SMALL)).labels).toEqual(expected);
    fcn.dispose();
  });

  it("halves a batch that has no room", async () => {
    const fcn = await loadFcn({ device, resize: "none" });
    await fcn.segment(SMALL);
    const alone = fcn.memory.plans;
    budget.bytes = fcn.memory.weights + 2.5 * alone;
    const [first, ...others] = await fcn.segmentBatch([SMALL, SMALL, SMALL, SMALL, SMALL]);
    expect(others.map((one) => one.labels)).toEqual(Array(4).fill(first?.labels));
    fcn.dispose();
  });

  it.each([0, 1e4, 1e6])("that has no room for its weights beyond %i bytes keeps none that failed", async (bytes) => {
    const fcn = await loadFcn({ device, resize: "none" });
    budget.bytes = bytes;
    const error = await errorOf(fcn.segment(SMALL));
    expect([error.code, error.message]).toEqual([
      "out-of-memory",
      expect.stringMatching(/: weight \S+: the GPU is out of memory for \d+\.\d MB more than the \d+\.\d MB/),
    ]);
    expect([budget.live.bytes, fcn.memory.plans]).toEqual([fcn.memory.weights, 0]);
    budget.bytes = Infinity;
    expect((await fcn.segment(SMALL)).labels).toHaveLength(48 * 64);
    fcn.dispose();
    await pause();
    expect(budget.live.count).toBe(0);
  });

  it.each(["writeTexture", "writeBuffer"] as const)(
    "frees a weight when another error arrives during its upload (%s)",
    async (method) => {
      const fcn = await loadFcn({ device, resize: "none" });
      const { queue } = device.gpu;
      const write = queue[method].bind(queue) as (...args: unknown[]) => void;
      let calls = 0;
      Object.defineProperty(queue, method, {
        configurable: true,
        value: (...args: unknown[]) => {
          if (calls++ === 3) report(device, { message: "something else went wrong" });
          write(...args);
        },
      });
      const error: unknown = await fcn.segment(SMALL).catch((reason: unknown) => reason);
      const usesTextures = device.software; // on a GPU, weights lie in buffers
      if (method === "writeBuffer" || usesTextures)
        expect(error).toMatchObject({ code: "gpu-error", message: "WebGPU reported: something else went wrong" });
      expect(budget.live.bytes).toBe(held(fcn));
      expect((await fcn.segment(SMALL)).labels).toHaveLength(48 * 64);
      fcn.dispose();
      await pause();
      expect(budget.live.count).toBe(0);
    },
  );

  const MOMENTS: readonly (readonly [string, (gpu: GPUDevice) => void])[] = [
    ["at once", (gpu) => gpu.destroy()],
    ["at its first pipeline", (gpu) => destroyAtPipeline(gpu, 0)],
    ["at its fourth pipeline", (gpu) => destroyAtPipeline(gpu, 3)],
    ["while weights are uploaded", destroyAtUpload],
    ["when its work was submitted", (gpu) => destroyAtSubmit(gpu, "after")],
  ];
  it.each(MOMENTS)("whose device is lost %s in its first call leaves nothing", async (_, destroy) => {
    const fcn = await loadFcn({ device, resize: "none" });
    destroy(device.gpu);
    const call = errorOf(fcn.segment(noisePicture(120, 120)));
    expect((await call).code).toBe("device-lost");
    fcn.dispose();
    await pause();
    expect([budget.live.count, device.allocations.bytes]).toEqual([0, 0]);
  });
});

it("a tensor, and a kernel's output, that have no room leave nothing", async () => {
  budget.bytes = 1000;
  const error = await errorOf(Tensor.empty(device, [1, 4, 64, 64], { label: "x" }));
  expect([error.code, error.message]).toEqual([
    "out-of-memory",
    expect.stringMatching(/^x: the GPU is out of memory for 0\.1 MB more than the 0\.0 MB/),
  ]);
  expect(budget.live.count).toBe(0);
  budget.bytes = 70_000;
  const x = await Tensor.empty(device, [1, 4, 64, 64]);
  expect((await errorOf(runKernel(device, relu, { x }))).code).toBe("out-of-memory");
  expect(budget.live.count).toBe(1);
  expect((await errorOf(x.read())).code).toBe("out-of-memory");
  x.dispose();
  expect([budget.live.count, device.allocations.bytes]).toEqual([0, 0]);
});

it("memory that runs out outside of any scope is reported at the next await, with what is held", async () => {
  const x = await Tensor.empty(device, [1, 4, 512, 512]);
  budget.bytes = 0;
  device.gpu.createBuffer({ size: 1e6, usage: 0x80 });
  const error = await errorOf(x.read());
  expect([error.code, error.message]).toEqual([
    "out-of-memory",
    "the GPU is out of memory; this device holds 4.2 MB for this library (there is no room); " +
      "dispose of models, or use smaller pictures",
  ]);
});
