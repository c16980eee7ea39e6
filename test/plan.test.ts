/** Plans: run() creates nothing, layouts are converted, limits are checked, memory is freed. */
import { describe, expect, it } from "vitest";
import { convTranspose2d } from "../shaders/conv-transpose2d/kernel.js";
import { conv2d } from "../shaders/conv2d/kernel.js";
import { conv2dReference } from "../shaders/conv2d/reference.js";
import { convert } from "../shaders/convert/kernel.js";
import { Device } from "../src/gpu/device.js";
import { layoutNamed, layouts } from "../src/kernel/layout.js";
import { elements } from "../src/kernel/shape.js";
import type { Nchw } from "../src/kernel/shape.js";
import type { Weight } from "../src/kernel/weight.js";
import { GivenGraph as Graph } from "../src/plan/given-graph.js";
import { GivenPlan as Plan } from "../src/plan/given-plan.js";
import { WeightStore } from "../src/plan/weight-store.js";
import { countingCreations } from "./helpers/count-creations.js";
import { useDevice } from "./helpers/device.js";
import { expectError } from "./helpers/expect-error.js";
import { seeded } from "./helpers/random.js";
import { compare } from "./helpers/verify-kernel.js";

const device = useDevice();

function randomWeight(name: string, shape: readonly number[]): Weight & { data: Float32Array } {
  const random = seeded(shape.length + elements(shape));
  const data = new Float32Array(elements(shape)).map(() => random() - 0.5);
  return { name, shape, data, read: () => Promise.resolve(data.slice()) };
}

const SHAPE: Nchw = [1, 6, 9, 7];
const w1 = randomWeight("w1", [8, 6, 3, 3]);
const w2 = randomWeight("w2", [8, 8, 1, 1]);

/** conv -> conv + residual: the last dispatch uses three tensors. */
function residualGraph(shape: Nchw = SHAPE): Graph {
  const graph = new Graph();
  const x = graph.input("x", shape, "nhwc4");
  const a = graph.op("a", conv2d, { x, weight: w1 }, { padding: 1, relu: true }).y;
  graph.output("y", graph.op("b", conv2d, { x: a, weight: w2, residual: a }).y);
  return graph;
}

const input = (shape: Nchw): Float32Array => new Float32Array(elements(shape)).map(seeded(3));

function expected(shape: Nchw): ArrayLike<number> {
  const attrs = { stride: 1, padding: 1, dilation: 1, groups: 1, relu: true };
  const a = conv2dReference({ x: { shape, data: input(shape) }, weight: w1 }, attrs).y;
  if (!a) throw new Error("no y");
  return conv2dReference({ x: a, weight: w2, residual: a }, { ...attrs, padding: 0, relu: false }).y?.data ?? [];
}

async function run(plan: Plan, shape: Nchw): Promise<ArrayLike<number>> {
  const { outputs } = await plan.run({ x: new Uint8Array(layouts.nhwc4.pack(input(shape), shape)) });
  const y = outputs.get("y");
  if (!y) throw new Error("no y");
  return layoutNamed(y.layout).unpack(y.bytes, y.shape);
}

describe("Plan", () => {
  it("runs two in flight without mixing them up, and creates nothing for them", async () => {
    const store = new WeightStore(device());
    const plan = await Plan.create(device(), residualGraph(), store, undefined, { inFlight: 2 });
    const pictures = [1, 2, 3, 4, 5].map((seed) => new Float32Array(elements(SHAPE)).map(seeded(seed)));
    const outputOf = async (data: Float32Array): Promise<ArrayLike<number>> => {
      const { outputs } = await plan.run({ x: new Uint8Array(layouts.nhwc4.pack(data, SHAPE)) });
      const y = outputs.get("y");
      if (!y) throw new Error("no y");
      return layoutNamed(y.layout).unpack(y.bytes, y.shape);
    };
    const alone: ArrayLike<number>[] = [];
    for (const picture of pictures) alone.push(await outputOf(picture));
    let together: ArrayLike<number>[] = [];
    expect(
      await countingCreations(device(), async () => (together = await Promise.all(pictures.map(outputOf)))),
    ).toEqual({});
    expect(together).toEqual(alone);
    plan.dispose();
    store.dispose();
  });

  it("computes a residual pair as the reference does, with the same result twice", async () => {
    const store = new WeightStore(device());
    const plan = await Plan.create(device(), residualGraph(), store);
    const first = await run(plan, SHAPE);
    compare(first, expected(SHAPE), "f32", "residual");
    expect(await run(plan, SHAPE)).toEqual(first);
    plan.dispose();
    store.dispose();
  });

  it("creates no buffer, bind group or pipeline in run()", async () => {
    const store = new WeightStore(device());
    const plan = await Plan.create(device(), residualGraph(), store);
    const counts = await countingCreations(device(), () => run(plan, SHAPE));
    expect(counts).toEqual({});
    plan.dispose();
    store.dispose();
  });

  it("queues runs that overlap", async () => {
    const store = new WeightStore(device());
    const plan = await Plan.create(device(), residualGraph(), store);
    const results = await Promise.all([1, 2, 3, 4, 5].map(() => run(plan, SHAPE)));
    for (const result of results) compare(result, expected(SHAPE), "f32", "queued");
    plan.dispose();
    store.dispose();
  });

  it.each([
    ["vec4", ["convert", "convert", "conv2d"]],
    ["lanes-8", ["convert", "convert", "convert", "conv2d"]], // through nhwc4 to texture planes
  ])("inserts conversions where a consumer reads another layout: %s", async (variant, kernels) => {
    const store = new WeightStore(device());
    const graph = new Graph();
    const x = graph.input("x", SHAPE, "nhwc4");
    const half = graph.op("halve", convert, { x }, { from: "nhwc4", to: "nhwc4-f16" }).y;
    graph.output("y", graph.op("conv", conv2d, { x: half, weight: w1 }, { padding: 1 }).y);
    const usable = device().subgroupSize === 8 && device().software ? variant : "vec4";
    const plan = await Plan.create(device(), graph, store, { conv2d: usable });
    if (usable === variant) expect(plan.steps.map((s) => s.kernel.name)).toEqual(kernels);
    const want = conv2dReference(
      { x: { shape: SHAPE, data: input(SHAPE) }, weight: w1 },
      { stride: 1, padding: 1, dilation: 1, groups: 1, relu: false },
    );
    const got = await run(plan, SHAPE);
    Array.from(want.y?.data ?? []).forEach((v, i) => expect(Math.abs((got[i] as number) - v)).toBeLessThan(5e-3));
    plan.dispose();
    store.dispose();
  });

  it("shares pipelines between sizes", async () => {
    const store = new WeightStore(device());
    const small = await Plan.create(device(), residualGraph(), store);
    const counts = await countingCreations(device(), async () => {
      // A size whose default variant is that of the small plan: lanes-8, not lanes-8-five.
      const large = await Plan.create(device(), residualGraph([2, 6, 20, 32]), store);
      compare(await run(large, [2, 6, 20, 32]), expected([2, 6, 20, 32]), "f32", "large");
      large.dispose();
    });
    expect(counts.createComputePipelineAsync ?? 0).toBe(0);
    small.dispose();
    store.dispose();
  });

  it("names the tensor, the limit and both numbers when something does not fit", async () => {
    const small = new Device(device().gpu, device().adapter); // some adapters take buffers of 1 TiB
    const limits = { ...small.limits, maxStorageBufferBindingSize: 2 ** 27 };
    Object.defineProperty(small, "limits", { value: limits });
    const store = new WeightStore(small);
    const graph = new Graph();
    const x = graph.input("x", [1, 4, 64, 64], "nhwc4");
    const weight = randomWeight("up", [4, 1, 2, 2]);
    const y = graph.op("up", convTranspose2d, { x, weight }, { stride: 1, groups: 4 }).y;
    graph.output(
      "y",
      graph.op(
        "up again",
        convTranspose2d,
        { x: y, weight: randomWeight("big", [4, 1, 3000, 3000]) },
        { stride: 1, groups: 4 },
      ).y,
    );
    await expectError(
      () => Plan.create(small, graph, store),
      "limit-too-small",
      "tensor up again.y [1,4,3064,3064] needs maxStorageBufferBindingSize 150209536, this adapter offers 134217728; " +
        "make it smaller",
    );
    store.dispose();
  });

  it("reports disposed after dispose(), which may be called twice", async () => {
    const store = new WeightStore(device());
    const plan = await Plan.create(device(), residualGraph(), store);
    plan.dispose();
    plan.dispose();
    await expect(run(plan, SHAPE)).rejects.toMatchObject({ code: "disposed" });
    store.dispose();
  });

  it("finishes the runs that it accepted before it was disposed", async () => {
    const store = new WeightStore(device());
    const plan = await Plan.create(device(), residualGraph(), store);
    const first = await run(plan, SHAPE);
    const queued = [run(plan, SHAPE), run(plan, SHAPE)];
    plan.dispose();
    expect(await Promise.all(queued)).toEqual([first, first]);
    store.dispose();
  });

  it("refuses an input of the wrong size with both numbers", async () => {
    const store = new WeightStore(device());
    const plan = await Plan.create(device(), residualGraph(), store);
    await expect(plan.run({ x: new Uint8Array(8) })).rejects.toThrow(/input "x" needs 2016 bytes, got 8/);
    await expect(plan.run({ x: new Uint8Array(2013) })).rejects.toThrow(/input "x" needs 2016 bytes, got 2013/);
    plan.dispose();
    store.dispose();
  });
});

describe("Plan.create", () => {
  it.each([0, 1.5, NaN])("refuses %s runs in flight", async (inFlight) => {
    const store = new WeightStore(device());
    await expect(Plan.create(device(), residualGraph(), store, undefined, { inFlight })).rejects.toMatchObject({
      code: "bad-option",
      message: `inFlight must be a whole number of 1 or more, got ${inFlight}`,
    });
    store.dispose();
  });
});

describe("Graph", () => {
  it("reports at once what does not fit", () => {
    const graph = new Graph();
    const x = graph.input("x", [1, 3, 8, 8], "nhwc4");
    expect(() => graph.op("c", conv2d, { x, weight: w1 })).toThrow(
      "conv2d: weight [8,6,3,3] needs 6 input channels, x [1,3,8,8] has 3",
    );
    expect(() => graph.op("c", conv2d, { x, weight: randomWeight("w", [4, 3, 9, 9]) })).toThrow(
      /a window of 9 .* does not fit in 8/,
    );
    expect(() => graph.input("x", [1, 1, 1, 1], "nhwc4")).toThrow(/declared twice/);
    expect(() => new Graph().op("c", conv2d, { x, weight: w1 })).toThrow(/belongs to another graph/);
  });
});
