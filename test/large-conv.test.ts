/** Convolutions whose weight is larger than a binding are computed in parts: the same numbers; elsewhere one call. */
import { afterEach, describe, expect, it } from "vitest";
import { conv2d } from "../shaders/conv2d/kernel.js";
import { conv2dReference } from "../shaders/conv2d/reference.js";
import { layoutNamed, layouts } from "../src/kernel/layout.js";
import { elements } from "../src/kernel/shape.js";
import type { Nchw } from "../src/kernel/shape.js";
import type { DeviceTraits, Precision } from "../src/kernel/variant.js";
import { divide, largeConv } from "../src/layers/large-conv.js";
import { Graph } from "../src/plan/graph.js";
import { lower } from "../src/plan/lower.js";
import { Plan } from "../src/plan/plan.js";
import { WeightStore } from "../src/plan/weight-store.js";
import { Tuner } from "../src/tuning/tuner/tuner.js";
import type { MeasureVariant } from "../src/tuning/tuner/tuner.js";
import { Parameters } from "../src/weights/parameters.js";
import { useDevice } from "./helpers/device.js";
import { hashedCheckpoint } from "./helpers/hashed-checkpoint.js";
import { seeded } from "./helpers/random.js";
import { largestDifference } from "./helpers/reference-maps.js";

const device = useDevice();
const SHAPE: Nchw = [1, 40, 5, 6];

/** 100 output channels of 1,440 bytes. */
const SHAPES = { "large.weight": [100, 40, 3, 3], "large.bias": [100], "reader.weight": [7, 100, 1, 1] };
const specs = Object.entries(SHAPES).map(([name, shape]) => ({ name, shape }));
const values = (_: string, shape: readonly number[]): Float32Array => {
  const random = seeded(elements(shape));
  return new Float32Array(elements(shape)).map(() => random() - 0.5);
};
const checkpoint = hashedCheckpoint(specs, values);
const params = Parameters.of(checkpoint);
const large = largeConv({ name: "large", out: 100, kernel: 3, padding: 1, activation: "relu" }).load(params, 40);
const reader = params.take("reader.weight", SHAPES["reader.weight"]);

/** A large convolution, and one that reads it. */
function graphOf(): Graph {
  const graph = new Graph();
  const y = large.apply(graph, graph.input("x", SHAPE, "nhwc4"));
  graph.output("y", y);
  graph.output("z", graph.op("reader", conv2d, { x: y, weight: reader }).y);
  return graph;
}

const GPU: DeviceTraits = {
  features: new Set(),
  limits: { maxComputeInvocationsPerWorkgroup: 1024, maxComputeWorkgroupStorageSize: 49152 },
  vendor: "",
  architecture: "",
  subgroupSize: 0,
  software: false,
  cores: 100,
};
const binding = (bytes: number): DeviceTraits => ({
  ...GPU,
  limits: { ...GPU.limits, maxStorageBufferBindingSize: bytes },
});

const callsAt = (traits: DeviceTraits, precision?: Precision): string[] =>
  lower(graphOf(), traits, undefined, precision).steps.flatMap(({ label, kernel }) =>
    kernel.name === "convert" ? [] : [label],
  );

describe("the calls of a plan", () => {
  it("are one where the device binds the whole weight", () => {
    expect(callsAt(binding(144_000))).toEqual(["large", "reader"]);
  });

  it("are parts and joins where it does not, each part within the binding", () => {
    expect(callsAt(binding(143_999))).toEqual(["large 1 of 2", "large 2 of 2", "large join 1", "reader"]);
    const { steps } = lower(graphOf(), binding(50_000));
    const parts = steps.filter(({ label }) => / of /.test(label));
    expect(parts.map(({ weights }) => weights.weight?.shape[0])).toEqual([32, 32, 32, 4]);
    expect(parts.map(({ weights }) => weights.bias?.shape)).toEqual([[32], [32], [32], [4]]);
    expect(parts.map(({ weights }) => weights.weight?.name)).toEqual([
      "large.weight[0:32]",
      "large.weight[32:64]",
      "large.weight[64:96]",
      "large.weight[96:100]",
    ]);
  });

  it("count half the bytes where weights are stored as f16", () => {
    expect(callsAt(binding(72_000), "f16")).toEqual(["large", "reader"]);
    expect(callsAt(binding(71_999), "f16")).toHaveLength(4);
  });

  it("share the slices of a weight among plans", () => {
    const slices = (): unknown[] => lower(graphOf(), binding(50_000)).steps.map(({ weights }) => weights.weight);
    expect(slices()).toEqual(slices());
    slices().forEach((slice, i) => expect(slices()[i]).toBe(slice));
  });

  it("are divided in the graph that makes them", () => {
    const foreign = new Graph().input("foreign", SHAPE, "nhwc4");
    expect(() => divide(new Graph(), foreign, (node) => [node])).toThrow("graph: foreign is no output of its calls");
  });

  it("are tuned in the same parts", async () => {
    const measured: string[] = [];
    const limits = { ...device().limits, maxStorageBufferBindingSize: 50_000 };
    const gpu = Object.assign(Object.create(device()) as object, { ...GPU, limits }) as never;
    const measure: MeasureVariant = async (_, { problem }) => {
      measured.push(String(problem.in.weight?.[0]));
      return 1;
    };
    const tuner = new Tuner(gpu, { tuneBudget: 1000 }, { measure });
    await tuner.choose(graphOf());
    expect(new Set(measured)).toEqual(new Set(["32", "4", "7"]));
  });
});

describe("on the device", () => {
  const limits = (): object => device().limits;
  let real: object | undefined;
  afterEach(() => {
    if (real) Object.defineProperty(device(), "limits", { value: real });
  });

  it.each(["f32", "f16"] as const)("parts give the numbers of the whole in %s", async (precision) => {
    real = limits();
    Object.defineProperty(device(), "limits", { value: { ...real, maxStorageBufferBindingSize: 50_000 } });
    const store = new WeightStore(device());
    const plan = await Plan.create(device(), graphOf(), store, undefined, { precision });
    expect(plan.steps.filter(({ label }) => / of /.test(label))).toHaveLength(precision === "f16" ? 2 : 4);
    const data = new Float32Array(elements(SHAPE)).map(seeded(3));
    const { outputs } = await plan.run({ x: new Uint8Array(layouts.nhwc4.pack(data, SHAPE)) });
    const y = outputs.get("y");
    if (!y) throw new Error("no y");
    const found = layoutNamed(y.layout).unpack(y.bytes, y.shape);
    const attrs = { stride: 1, padding: 1, dilation: 1, groups: 1, relu: true };
    const operand = (name: keyof typeof SHAPES) => ({ shape: SHAPES[name], data: values(name, SHAPES[name]) });
    const operands = { x: { shape: SHAPE, data }, weight: operand("large.weight"), bias: operand("large.bias") };
    const expected = conv2dReference(operands, attrs).y?.data ?? [];
    expect(largestDifference(found, expected)).toBeLessThan(precision === "f16" ? 0.02 : 1e-4);
    plan.dispose();
    store.dispose();
  });
});
