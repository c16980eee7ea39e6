/** Pictures in bands: variants that a driver refuses or that were tuned, pipelines as they get ready, short memory. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { rankedVariants } from "../src/kernel/choice.js";
import { layouts } from "../src/kernel/layout.js";
import { assemble } from "../src/models/assemble.js";
import { modelOf } from "../src/models/model.js";
import { NetworkOnDevice } from "../src/models/network-on-device.js";
import { outputGraph } from "../src/models/output-graph.js";
import { Comparison, fileSource, loadFcn, openCheckpoint, requestDevice } from "../src/node.js";
import type { ComparisonOptions, Device, Fcn, NodeLoadOptions, NodePicture } from "../src/node.js";
import type { Graph } from "../src/plan/graph.js";
import { classKey } from "../src/tuning/tuner/candidates.js";
import { recognise } from "../src/weights/names.js";
import { expectError } from "./helpers/expect-error.js";
import { limitMemory } from "./helpers/memory-budget.js";
import { noisePicture } from "./helpers/pictures.js";

const ICONS = "weights/fcn-resnet101-w16-icons-f16.safetensors";

let device: Device;
beforeEach(async () => {
  device = await requestDevice();
});
afterEach(() => {
  vi.unstubAllGlobals();
  device.dispose();
});

const openIcons = async () => openCheckpoint(await fileSource(ICONS));
const load = (options: NodeLoadOptions = {}): Promise<Fcn<NodePicture>> =>
  loadFcn({ device, resize: "none", weights: "icons", ...options });
const openComparison = async (options: ComparisonOptions): Promise<Comparison> =>
  Comparison.open(device, await openIcons(), options);

const limitBindings = (bytes: number): void => {
  const limits = { ...device.limits, maxStorageBufferBindingSize: bytes, maxBufferSize: bytes };
  Object.defineProperty(device, "limits", { value: limits, configurable: true });
};

const PICTURE = noisePicture(200, 90);

describe("pipelines of bands", () => {
  it("are of other variants where the driver refuses some", async () => {
    const { gpu } = device;
    const compile = gpu.createComputePipelineAsync.bind(gpu);
    Object.defineProperty(gpu, "createComputePipelineAsync", {
      value: (descriptor: GPUComputePipelineDescriptor) => {
        if (!/lanes .*TP=5/.test(String(descriptor.label))) return compile(descriptor); // lanes-8-five
        return Promise.reject(new Error("the driver does not know these subgroups"));
      },
    });
    const got = await (await load({ tile: 64 })).segment(PICTURE);
    expect(got.timings.bands).toBeGreaterThan(2);
    if (device.software) expect(device.refused.size).toBeGreaterThan(0);
    expect(got.labels).toEqual((await (await load()).segment(PICTURE)).labels);
  });

  it("of a comparison are counted together, and leave no whole label map on the GPU", async () => {
    limitBindings(2 ** 20);
    const reports: (readonly [number, number])[] = [];
    const comparison = await openComparison({ onPipeline: (ready, total) => reports.push([ready, total]) });
    const { timings, labels, buffers } = await comparison.run(noisePicture(701, 500));
    expect(timings.bands).toBeGreaterThan(2);
    expect(reports.length).toBeGreaterThan(0);
    expect(reports).toEqual(reports.map((_, i) => [i + 1, reports.length]));
    expect(Object.keys(labels)).toContain("fcn8s");
    expect(buffers).toEqual({});
    comparison.dispose();
  });

  it("are of the variants that tuning has kept, as those of an uncut plan", async () => {
    const { assembled } = await assemble(recognise(await openIcons()), {});
    const model = modelOf(assembled, { resize: "none" });
    const batch = { kind: "labels", count: 1, height: 200, width: 90 } as const;
    const graphOf = ({ height, width }: { height: number; width: number }): Graph =>
      outputGraph(model, { ...batch, height, width });
    const text = keptChoices(graphOf(batch));
    const kept = { read: () => Promise.resolve(text), write: () => Promise.resolve() };
    const variantsWith = async (tile?: number, tuning?: typeof kept): Promise<Record<string, string>> => {
      const network = new NetworkOnDevice(device, { graphOf, resize: "none", planOptions: () => ({}), tuning, tile });
      const { steps } = await network.planFor(batch, undefined);
      network.dispose();
      const calls = steps.filter(({ kernel }) => kernel.name === "conv2d");
      return Object.fromEntries(calls.map(({ label, variantName }) => [label, variantName]));
    };
    const uncut = await variantsWith(undefined, kept);
    expect(uncut).not.toEqual(await variantsWith());
    if (device.software) expect(Object.values(uncut)).not.toContain("lanes-8-five");
    expect(await variantsWith(64, kept)).toEqual(uncut);
  });

  /** What a tuner would keep that found the second variant of every call to be the fastest. */
  function keptChoices(graph: Graph): string {
    const kept: Record<string, string> = {};
    for (const { kernel, problem } of graph.callsOn(device, "f32")) {
      const layoutsOf = (name: string): string => JSON.stringify(kernel.variants[name]?.layouts ?? {});
      const [first = "", ...others] = rankedVariants(kernel, problem, device, "f32");
      const second = others.find((name) => layoutsOf(name) === layoutsOf(first));
      if (second !== undefined) kept[classKey(kernel, problem, "f32")] = second;
    }
    expect(Object.keys(kept).length).toBeGreaterThan(0);
    const { vendor, architecture, device: name, description } = device.adapter;
    return JSON.stringify({ [[vendor, architecture, name, description].join(" | ")]: kept });
  }
});

describe("memory of bands", () => {
  it("is that of plans of other sizes where there is no more", async () => {
    const budget = limitMemory(device, Infinity);
    const fcn = await load({ tile: 64 });
    const expected = (await fcn.segment(PICTURE)).labels;
    await fcn.segment(noisePicture(210, 91));
    budget.bytes = budget.live.bytes + 1;
    const got = await fcn.segment(noisePicture(205, 92));
    expect(got.timings.bands).toBeGreaterThan(2);
    await expect.poll(() => budget.live.bytes).toBe(fcn.memory.weights + fcn.memory.plans);
    expect((await fcn.segment(PICTURE)).labels).toEqual(expected);
    budget.bytes = fcn.memory.weights;
    await expectError(
      () => fcn.segment(noisePicture(206, 92)),
      "out-of-memory",
      /^a picture of 92 x 206 is too large for this device: plan: the GPU is out of memory for /,
    );
  });

  it("of a plan that is kept stays where a batch runs picture by picture", async () => {
    const fcn = await load({ tile: 64, maxPlans: 1 });
    const { labels } = await fcn.segment(PICTURE);
    const results = await fcn.segmentBatch([PICTURE, PICTURE]);
    expect(results.map(({ timings }) => timings.compile)).toEqual([0, 0]);
    expect(results.map((one) => one.labels)).toEqual([labels, labels]);
  });

  it("in f16 counts maps that are f32 all the same", async () => {
    const picture = noisePicture(100, 64);
    const expected = await (await load({ precision: "f16" })).logits(picture);
    limitBindings(300_000);
    const got = await (await load({ precision: "f16" })).logits(picture);
    expect(got.timings.bands).toBeGreaterThan(2);
    expect(got.data).toEqual(expected.data);
  });

  it("that weights do not fit is refused with the picture's size and a cure", async () => {
    limitBindings(2 ** 16);
    const fcn = await load({ kernels: { conv2d: "naive" } });
    await expectError(
      () => fcn.segment(PICTURE),
      "limit-too-small",
      /^a picture of 90 x 200 is too large for this device: weight .* offers 65536; .*give loadFcn a smaller resize/,
    );
  });

  it("that not one pixel fits is refused without a size that would", async () => {
    limitBindings(2 ** 10);
    const fcn = await load();
    await expectError(
      () => fcn.warmup(300, 400),
      "limit-too-small",
      /^a picture of 400 x 300 is too large for this device: in bands, tensor .* or shrink or crop the picture$/,
    );
  });

  it("of the host holds scores once", () => {
    const full = new ArrayBuffer(32);
    expect(layouts.nchw.unpack(full, [1, 2, 2, 2]).buffer).toBe(full);
    const withPadding = layouts.nchw.unpack(new ArrayBuffer(16), [1, 3, 1, 1]);
    expect([withPadding.length, withPadding.buffer.byteLength]).toEqual([3, 12]);
  });

  it("of the host is asked for before the first band", async () => {
    const fcn = await load({ tile: 64 });
    const picture = noisePicture(130, 40);
    const expected = await fcn.logits(picture);
    const bytes = expected.data.byteLength;
    const Real = ArrayBuffer;
    class Short extends Real {
      constructor(length: number) {
        if (length === bytes) throw new RangeError("Array buffer allocation failed");
        super(length);
      }
    }
    vi.stubGlobal("ArrayBuffer", Short);
    const submit = vi.spyOn(device.gpu.queue, "submit");
    await expectError(
      () => fcn.logits(picture),
      "out-of-memory",
      new RegExp(
        `^a picture of 40 x 130 is too large for this device: its output "logits" takes ${bytes} bytes, and no array ` +
          "of that size can be made here; resize leaves logits at the picture's size, so shrink or crop the picture$",
      ),
    );
    expect(submit).not.toHaveBeenCalled();
    vi.unstubAllGlobals();
    expect((await fcn.logits(picture)).data).toEqual(expected.data);
  });
});
