/** f16 between kernels: what runs, how far labels are from f32, what becomes of numbers that f16 cannot hold. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { paperFcnTensors, torchvisionFcnTensors } from "../bench/hashed-weights.js";
import { conv2d } from "../shaders/conv2d/kernel.js";
import { maxPool2d } from "../shaders/max-pool2d/kernel.js";
import { normalize } from "../shaders/normalize/kernel.js";
import { project } from "../shaders/project/kernel.js";
import { ConfusionMatrix } from "../src/eval/confusion.js";
import { baseOf } from "../src/kernel/border.js";
import { layoutNamed, layouts } from "../src/kernel/layout.js";
import { elements } from "../src/kernel/shape.js";
import type { DeviceTraits } from "../src/kernel/variant.js";
import type { Weight } from "../src/kernel/weight.js";
import { FCN_VARIANTS } from "../src/models/fcn-head.js";
import { precisionOn } from "../src/models/precision.js";
import { torchvisionNetwork } from "../src/models/torchvision.js";
import { loadFcn } from "../src/node.js";
import type { Fcn, NodePicture } from "../src/node.js";
import { Graph } from "../src/plan/graph.js";
import { lower } from "../src/plan/lower.js";
import { Plan } from "../src/plan/plan.js";
import { WeightStore } from "../src/plan/weight-store.js";
import { Parameters } from "../src/weights/parameters.js";
import { paperNetwork } from "./helpers/networks.js";
import { useDevice } from "./helpers/device.js";
import { hashedCheckpoint } from "./helpers/hashed-checkpoint.js";
import { agreement, referencePictures } from "./helpers/reference-maps.js";

const device = useDevice();

describe("plans of precision f16", () => {
  const networks = {
    ...Object.fromEntries(FCN_VARIANTS.map((v) => [v, () => paperNetwork(hashedCheckpoint(paperFcnTensors()), v)])),
    "fcn-resnet101": () => torchvisionNetwork(Parameters.of(hashedCheckpoint(torchvisionFcnTensors()))),
  };
  it.each(Object.entries(networks))(
    "store every activation of the backbone of %s as f16, and scores as f32",
    (_, make) => {
      const graph = new Graph();
      graph.output("logits", make().logits(graph, graph.input("x", [1, 3, 64, 64], "nhwc4-f16"), [64, 64]));
      const { steps, outputs } = lower(graph, device(), undefined, "f16");
      for (const { kernel, outputs: made, label } of steps) {
        if (kernel.name === "conv2d" || kernel.name === "max-pool2d")
          expect(baseOf(made.y?.layout ?? "u8"), label).toBe("nhwc4-f16");
        if (kernel.name === "project") expect(made.y?.layout, label).toBe("nhwc4");
      }
      expect(layoutNamed(outputs.get("logits")?.layout ?? "u8").dtype).toBe("f32");
      const converted = steps.filter(
        ({ kernel, tensors }) => kernel.name === "convert" && baseOf(tensors.x?.layout ?? "u8") === "nhwc4-f16",
      );
      expect(converted.map(({ label }) => label)).toEqual([]);
    },
  );
});

describe("auto", () => {
  it("is f16 where there are tensor cores, and f32 elsewhere", async () => {
    const traits: DeviceTraits = { ...device(), subgroupMatrix: "template" };
    expect([precisionOn(traits, "auto"), precisionOn(traits, "f32"), precisionOn(device(), "f16")]).toEqual([
      "f16",
      "f32",
      "f16",
    ]);
    const fcn = await loadFcn({ device: device(), precision: "auto" });
    expect(fcn.precision).toBe(device().subgroupMatrix === undefined ? "f32" : "f16");
    fcn.dispose();
  });
});

describe("numbers at the end of f16", () => {
  const weight = (name: string, shape: readonly number[], value: number): Weight => ({
    name,
    shape,
    read: () => Promise.resolve(new Float32Array(elements(shape)).fill(value)),
  });

  it("pictures saturate where a standard deviation is tiny", async () => {
    const graph = new Graph();
    const image = graph.input("image", [1, 4, 1, 2], "rgba8");
    const statistics = { mean: weight("mean", [3], 0.5), std: weight("std", [3], 1e-6) };
    graph.output("y", graph.op("normalize", normalize, { image, ...statistics }).y);
    const store = new WeightStore(device());
    const plan = await Plan.create(device(), graph, store, { normalize: "copy-f16" }, { precision: "f16" });
    const { outputs } = await plan.run({ image: Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 255) });
    const { bytes, layout, shape } = outputs.get("y") ?? {};
    const values = bytes && layout && shape ? [...layoutNamed(layout).unpack(bytes, shape)] : [];
    expect(values).toEqual([65504, -65504, 65504, -65504, 65504, -65504]);
    plan.dispose();
    store.dispose();
  });

  it("activations of 60,000 saturate instead of becoming infinite, and the network goes on", async () => {
    const graph = new Graph();
    const shape = [1, 4, 5, 7] as const;
    const x = graph.input("x", shape, "nhwc4-f16");
    // 4 x 60,000 and 4 x -60,000, plus 60,000: beyond 65,504 on both sides.
    const up = graph.op("up", conv2d, {
      x,
      weight: weight("up", [8, 4, 1, 1], 1),
      residual: graph.op("same", conv2d, { x, weight: weight("same", [8, 4, 1, 1], 0.25) }).y,
    }).y;
    const down = graph.op("down", conv2d, { x, weight: weight("down", [8, 4, 3, 3], -1) }, { padding: 1 }).y;
    const pooled = graph.op("pool", maxPool2d, { x: up }, { kernel: 3, stride: 1, padding: 1 }).y;
    const sum = graph.op("sum", conv2d, { x: pooled, weight: weight("sum", [8, 8, 1, 1], 2 ** -10), residual: down }).y;
    graph.output("up", up);
    graph.output("down", down);
    graph.output("logits", graph.op("score", project, { x: sum, weight: weight("score", [3, 8], 1) }).y);
    const store = new WeightStore(device());
    const plan = await Plan.create(device(), graph, store, undefined, { precision: "f16" });
    const input = new Float32Array(140).fill(60_000);
    const { outputs } = await plan.run({ x: new Uint8Array(layouts["nhwc4-f16"].pack(input, shape)) });
    const read = (name: string): number[] => {
      const output = outputs.get(name);
      return output ? [...new Set(layoutNamed(output.layout).unpack(output.bytes, output.shape))] : [];
    };
    expect([read("up"), read("down")]).toEqual([[65504], [-65504]]);
    // 8 x 2^-10 x 65,504 = 511.75, from -65,504: -64,992.25, in f16 -65,000 or -64,992; 8 of them.
    for (const value of read("logits")) expect(Math.abs(value / 8 + 64_992)).toBeLessThanOrEqual(32);
    plan.dispose();
    store.dispose();
  });

  it("a weight that f16 cannot hold is an error that names it", async () => {
    const graph = new Graph();
    graph.output(
      "y",
      graph.op("conv", conv2d, {
        x: graph.input("x", [1, 4, 2, 2], "nhwc4"),
        weight: weight("layer.weight", [4, 4, 1, 1], 70_000),
      }).y,
    );
    const store = new WeightStore(device());
    await expect(Plan.create(device(), graph, store, undefined, { precision: "f16" })).rejects.toMatchObject({
      code: "bad-weights",
      message: 'conv2d: a weight is 70000, f16 holds at most 65504: run this network with precision "f32"',
    });
    store.dispose();
  });
});

describe("fcn8s of the shipped checkpoint", () => {
  let f32: Fcn<NodePicture>;
  let f16: Fcn<NodePicture>;
  beforeAll(async () => {
    f32 = await loadFcn({ device: device() });
    f16 = await loadFcn({ device: device(), precision: "f16" });
  });
  afterAll(() => {
    f32.dispose();
    f16.dispose();
  });

  it("says its precision, and takes less memory in f16", async () => {
    expect([f32.precision, f16.precision]).toEqual(["f32", "f16"]);
    await f32.warmup(96, 128);
    await f16.warmup(96, 128);
    expect(f16.memory.weights).toBeLessThan(0.6 * f32.memory.weights);
  });

  it("agrees with f32 on >= 99.5 % of samples and val, and in mean IoU within 0.003", async () => {
    const [scoresF32, scoresF16] = [new ConfusionMatrix(21), new ConfusionMatrix(21)];
    // A quarter of val keeps the test short; all 20 pictures agree as well.
    for (const { name, picture, truth } of [
      ...referencePictures("samples"),
      ...referencePictures("test/fixtures/val").filter((_, i) => i % 4 === 0),
    ]) {
      const [a, b] = [await f32.segment(picture), await f16.segment(picture)];
      const same = agreement(a.labels, b.labels);
      console.log(`${name}: ${(same * 100).toFixed(3)} %`);
      expect(same, name).toBeGreaterThanOrEqual(0.995);
      scoresF32.add(truth, a.labels);
      scoresF16.add(truth, b.labels);
    }
    expect(Math.abs(scoresF32.meanIoU - scoresF16.meanIoU)).toBeLessThan(0.003);
  });

  it("gives the same logits from run to run, bit for bit", async () => {
    const picture = { width: 65, height: 47, data: new Uint8Array(65 * 47 * 4).map((_, i) => (i * 89) % 256) };
    const first = await f16.logits(picture);
    expect((await f16.logits(picture)).data).toEqual(first.data);
    expect(first.data.every(Number.isFinite)).toBe(true);
  });
});
