/** A device that is lost or reports errors while models use it, and whether a program that uses one ends. */
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { Device } from "../src/gpu/device.js";
import type { Pace } from "../src/gpu/adapter-summary.js";
import {
  Comparison,
  ComparisonSet,
  GpuWeight,
  Tensor,
  fileSource,
  loadFcn,
  openCheckpoint,
  requestDevice,
} from "../src/node.js";
import { useChild } from "./helpers/child.js";
import { destroyAtPipeline, destroyAtSubmit, destroyAtUpload } from "./helpers/destroy-device.js";
import { useDevice } from "./helpers/device.js";
import { expectError } from "./helpers/expect-error.js";
import { noisePicture } from "./helpers/pictures.js";
import { nextTurn, outcomeOf, pause } from "./helpers/promises.js";

const device = useDevice();

/** A buffer usage that WebGPU forbids: MAP_READ together with STORAGE. */
const FORBIDDEN_USAGE = 0x1 | 0x80;

describe("a device", () => {
  it("passes its waits to the entry's pace, with whether the adapter runs on the CPU", async () => {
    const received: boolean[] = [];
    const pace: Pace = (wait, software) => {
      received.push(software);
      return wait;
    };
    for (const software of [true, false])
      await new Device(device().gpu, { ...device().adapter, software }, pace).settle(Promise.resolve());
    expect(received).toEqual([true, false]);
  });

  it("that is lost in the middle of a run rejects with device-lost", async () => {
    const own = await requestDevice();
    const fcn = await loadFcn({ device: own, variant: "fcn8s" });
    await fcn.segment(noisePicture(48, 64));
    const running = fcn.segment(noisePicture(48, 64));
    await pause(5);
    own.gpu.destroy(); // from outside, not through dispose()
    await expect(running).rejects.toMatchObject({ code: "device-lost" });
    await expect(fcn.segment(noisePicture(48, 64))).rejects.toMatchObject({ code: "device-lost" });
    expect((await own.lost).code).toBe("device-lost");
    fcn.dispose();
    own.dispose();
  });

  it.each<[string, (gpu: GPUDevice) => void]>([
    ["while its first pipeline is compiled", (gpu) => destroyAtPipeline(gpu, 0)],
    ["while its second pipeline is compiled", (gpu) => destroyAtPipeline(gpu, 1)],
    ["while its sixth pipeline is compiled", (gpu) => destroyAtPipeline(gpu, 5)],
    ["with weights on their way", destroyAtUpload],
    ["before its work is submitted", (gpu) => destroyAtSubmit(gpu, "before")],
    ["after its work is submitted", (gpu) => destroyAtSubmit(gpu, "after")],
    ["in the turn after its start", (gpu) => void setImmediate(() => gpu.destroy())],
  ])("that is lost in a first call, %s, does so too", async (_, destroy) => {
    const fcn = await loadFcn();
    destroy(fcn.device.gpu);
    expect(await outcomeOf(fcn.segment(noisePicture(160, 160)))).toBe("device-lost");
    expect(await outcomeOf(fcn.logits(noisePicture(48, 64))), "a new size").toBe("device-lost");
    fcn.dispose();
  });

  it.each([
    ["before", () => Promise.resolve()],
    ["during", nextTurn],
  ])("reports an error of WebGPU %s a run, and the model goes on", async (_, wait) => {
    const fcn = await loadFcn();
    const { labels } = await fcn.segment(noisePicture(160, 160));
    const running = outcomeOf(fcn.segment(noisePicture(160, 160)));
    await wait();
    fcn.device.gpu.createBuffer({ size: 16, usage: FORBIDDEN_USAGE });
    expect(await running).toBe("gpu-error");
    for (let i = 0; i < 2; i++) expect((await fcn.segment(noisePicture(160, 160))).labels).toEqual(labels);
    expect((await fcn.segment(noisePicture(48, 64))).labels).toHaveLength(48 * 64);
    fcn.dispose();
  });

  it("that is disposed of while weights are read makes no model", async () => {
    const own = await requestDevice();
    const loading = loadFcn({ device: own });
    own.dispose();
    await expect(loading).rejects.toMatchObject({
      code: "disposed",
      message: expect.stringMatching(/this device/) as string,
    });
  });

  it("reports an error that WebGPU raised on its own at the next await, and only there", async () => {
    const own = await requestDevice();
    own.gpu.createBuffer({ size: 16, usage: FORBIDDEN_USAGE });
    await expect(own.settle(own.gpu.queue.onSubmittedWorkDone())).rejects.toMatchObject({
      code: "gpu-error",
      message: expect.stringMatching(/^WebGPU reported: /) as string,
    });
    await own.settle(own.gpu.queue.onSubmittedWorkDone());
    own.dispose();
    own.dispose();
    expect(() => own.check()).toThrow(expect.objectContaining({ code: "disposed" }) as Error);
  });

  it("that is no more is refused by whatever takes a device, at once", async () => {
    const [disposed, lost] = [await requestDevice(), await requestDevice()];
    disposed.dispose();
    lost.gpu.destroy();
    await lost.lost;
    const checkpoint = await openCheckpoint(await fileSource("weights/fcn-resnet101-w16-icons-f16.safetensors"));
    for (const [device, code] of [
      [disposed, "disposed"],
      [lost, "device-lost"],
    ] as const) {
      const sentence =
        code === "disposed" ? "this device was disposed; request a new one" : /^the GPU device .* was lost/;
      const weight = { shape: [1], data: new Float32Array(1) };
      await expectError(() => GpuWeight.from(device, weight), code, sentence);
      await expectError(() => new Comparison(device, checkpoint), code, sentence);
      await expectError(() => ComparisonSet.open(device, [checkpoint]), code, sentence);
      await expectError(() => Tensor.empty(device, [1, 1, 1, 1]), code, sentence);
    }
    await checkpoint.close();
    lost.dispose();
  });
});

describe("a program", () => {
  const run = useChild();
  const body = `import { loadFcn } from "./src/node.js";
    const fcn = await loadFcn();
    const picture = { width: 40, height: 30, data: new Uint8Array(4800) };
    console.log((await fcn.segment(picture)).labels.length);`;

  it.each([
    ["that neither disposes nor exits", ""],
    ["that exits with a run in flight", "void fcn.segment(picture); setImmediate(() => process.exit(0));"],
    [
      "that loses its device",
      "fcn.device.gpu.destroy(); await fcn.segment(picture).catch((error) => console.log(error.code));",
    ],
  ])("%s ends", async (_, end) => {
    const { code, out, err } = await run(`${body}\n${end}`, { limit: 60 });
    expect([code, out.split("\n")[0]], err).toEqual([0, "1200"]);
  });

  const built = new URL("../dist/bundles/node/node.js", import.meta.url).href;
  const start = `import { loadFcn } from ${JSON.stringify(built)}; const fcn = await loadFcn({ variant: "fcn32s" });
    const seg = await fcn.segment({ width: 8, height: 8, data: new Uint8Array(256) }); console.log(seg.labels.length);`;
  it.each([
    ["that disposes", `${start} fcn.dispose();`],
    ["that disposes and exits", `${start} fcn.dispose(); process.exit(0);`],
    ["that only exits", `${start} process.exit(0);`],
  ])("%s, from the build, ends by itself", (_, script) => {
    const { status, signal, stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
      timeout: 200_000,
    });
    expect([stdout.trim(), status, signal]).toEqual(["64", 0, null]);
  });
});
