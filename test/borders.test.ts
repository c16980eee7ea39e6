/** Feature maps with a border of zeros: layouts, which values of a plan get one, and that results stay the same. */
import { describe, expect, it } from "vitest";
import { conv2d } from "../shaders/conv2d/kernel.js";
import { maxPool2d } from "../shaders/max-pool2d/kernel.js";
import { relu } from "../shaders/relu/kernel.js";
import { baseOf, borderOf, isLayoutName, withBorder } from "../src/kernel/border.js";
import { conversionPath, layoutNamed, layouts } from "../src/kernel/layout.js";
import type { LayoutName } from "../src/kernel/layout.js";
import { elements } from "../src/kernel/shape.js";
import type { Nchw, Shape } from "../src/kernel/shape.js";
import type { KernelVariant } from "../src/kernel/variant.js";
import type { Weight } from "../src/kernel/weight.js";
import { Tensor, runKernel } from "../src/node.js";
import { Graph } from "../src/plan/graph.js";
import type { Value } from "../src/plan/graph.js";
import { lower } from "../src/plan/lower.js";
import { placeTensors } from "../src/plan/placement.js";
import { Plan } from "../src/plan/plan.js";
import { WeightStore } from "../src/plan/weight-store.js";
import { useDevice } from "./helpers/device.js";
import { expectError } from "./helpers/expect-error.js";
import { seeded } from "./helpers/random.js";
import { largestDifference } from "./helpers/reference-maps.js";

const device = useDevice();

describe("layouts", () => {
  const SHAPE: Nchw = [1, 1, 1, 2];

  it("are named by their border, and have zeros around the map", () => {
    expect(withBorder("nhwc4-f16", 1)).toBe("nhwc4-f16+1");
    expect(withBorder("nhwc4", 0)).toBe("nhwc4");
    expect([baseOf("nhwc4-f16+4"), borderOf("nhwc4-f16+4"), borderOf("tex4")]).toEqual(["nhwc4-f16", 4, 0]);
    const layout = layoutNamed("nhwc4+1");
    const packed = new Float32Array(layout.pack([5, 7], SHAPE));
    expect(layout.byteSize(SHAPE)).toBe(3 * 4 * 4 * 4);
    const firstOfPixels = Array.from({ length: 12 }, (_, pixel) => packed[pixel * 4]);
    expect(firstOfPixels).toEqual([0, 0, 0, 0, 0, 5, 7, 0, 0, 0, 0, 0]);
    expect([...layout.unpack(packed.buffer, SHAPE)]).toEqual([5, 7]);
  });

  it.each([
    ["nhwc4", "nhwc4+1", ["nhwc4+1"]],
    ["nhwc4-f16+1", "nhwc4-f16+2", ["nhwc4-f16+2"]],
    ["nhwc4-f16+1", "tex4", ["nhwc4-f16", "nhwc4", "tex4"]],
    ["tex4", "nhwc4-f16+1", ["nhwc4", "nhwc4-f16", "nhwc4-f16+1"]],
    ["nhwc4+1", "nhwc4-f16+1", ["nhwc4", "nhwc4-f16", "nhwc4-f16+1"]],
    ["nhwc4+1", "nhwc4+1", []],
  ] as const)("%s becomes %s by way of %j", (from, to, path) => {
    expect(conversionPath(from, to)).toEqual(path);
  });

  it("with a border exist for maps only", () => {
    const bases = Object.keys(layouts);
    const names = ["nhwc4", "nhwc4+1", "nhwc4-f16+9999", "tex4+1", "nhwc4+", "nhwc4+01", "nhwc4+1+1", "nhwc4+x", "+1"];
    expect(names.filter((name) => isLayoutName(name, bases))).toEqual(["nhwc4", "nhwc4+1", "nhwc4-f16+9999"]);
  });
});

const weight = (name: string, shape: Shape): Weight => {
  const random = seeded(name.length + elements(shape));
  const data = new Float32Array(elements(shape)).map(() => random() - 0.5);
  return { name, shape, read: () => Promise.resolve(data.slice()) };
};

const SHAPE: Nchw = [2, 16, 9, 7];

/** A bottleneck of ResNet, its 3x3 convolution dilated where asked. */
function bottleneck(graph: Graph, name: string, x: Value, dilation = 1): Value {
  const reduce = weight(`${name}.1`, [8, 16, 1, 1]);
  const spatial = weight(`${name}.2`, [8, 8, 3, 3]);
  const expand = weight(`${name}.3`, [16, 8, 1, 1]);
  const a = graph.op(`${name} reduce`, conv2d, { x, weight: reduce }, { relu: true }).y;
  const b = graph.op(`${name} spatial`, conv2d, { x: a, weight: spatial }, { padding: dilation, dilation }).y;
  return graph.op(`${name} expand`, conv2d, { x: b, weight: expand, residual: x }, { relu: true }).y;
}

function network(): Graph {
  const graph = new Graph();
  let value = graph.input("x", SHAPE, "nhwc4");
  value = bottleneck(graph, "a", value);
  value = bottleneck(graph, "b", value);
  value = bottleneck(graph, "c", value, 2);
  graph.output("y", value);
  return graph;
}

const TILE = { conv2d: "tiled-32x32" };

const layoutsIn = (graph: Graph): Record<string, LayoutName> =>
  Object.fromEntries(
    lower(graph, device(), TILE).steps.map(({ label, outputs }) => [label, outputs.y?.layout ?? "u8"]),
  );

async function outputsOf(graph: Graph, choice: Record<string, string>, seeds: readonly number[]): Promise<number[][]> {
  const store = new WeightStore(device());
  const plan = await Plan.create(device(), graph, store, choice);
  const results: number[][] = [];
  for (const seed of seeds) {
    const values = new Float32Array(elements(SHAPE)).map(seeded(seed));
    const { outputs } = await plan.run({ x: new Uint8Array(layouts.nhwc4.pack(values, SHAPE)) });
    const y = outputs.get("y");
    if (!y) throw new Error("no y");
    results.push(Array.from(layoutNamed(y.layout).unpack(y.bytes, y.shape)));
  }
  plan.dispose();
  store.dispose();
  return results;
}

describe("a plan", () => {
  it("gives a border to what a 3x3 convolution reads, as wide as its padding", () => {
    const found = layoutsIn(network());
    expect(found).toMatchObject({
      "a reduce": "nhwc4+1",
      "a spatial": "nhwc4",
      "a expand": "nhwc4",
      "c reduce": "nhwc4+2",
    });
    expect(Object.keys(found)).toHaveLength(9); // nothing is copied
  });

  it("computes the same as without, also in later runs", async () => {
    const seeds = [1, 2, 3];
    const bordered = await outputsOf(network(), TILE, seeds);
    const plain = await outputsOf(network(), { conv2d: "naive" }, seeds);
    bordered.forEach((values, i) => expect(largestDifference(values, plain[i] as number[])).toBeLessThan(1e-4));
  });

  it("keeps tensors with a border in buffers of their own, which one geometry shares", () => {
    const lowered = lower(network(), device(), TILE);
    const { inSlabs, slabs } = placeTensors(lowered, 2 ** 30);
    const bordered = [...inSlabs].filter(([{ layout }]) => borderOf(layout) > 0);
    const plain = [...inSlabs].filter(([{ layout }]) => borderOf(layout) === 0);
    const slabsOf = (placed: typeof bordered): number[] => [...new Set(placed.map(([, { slab }]) => slab))];
    expect(bordered.map(([{ name }]) => name)).toEqual(["a reduce.y", "b reduce.y", "c reduce.y"]);
    expect(slabsOf(bordered)).toHaveLength(2); // "a" and "b" have one geometry
    expect(slabsOf(bordered).filter((slab) => slabsOf(plain).includes(slab))).toEqual([]);
    for (const slab of slabsOf(bordered)) expect(slabs[slab]).toBeGreaterThan(0);
  });

  it("gives none to a value that another kernel reads too, or that is an output", () => {
    const graph = new Graph();
    const x = graph.input("x", SHAPE, "nhwc4");
    const shared = graph.op("shared", conv2d, { x, weight: weight("w", [16, 16, 1, 1]) }).y;
    const spatial = { weight: weight("s", [16, 16, 3, 3]) };
    graph.output("y", graph.op("spatial", conv2d, { x: shared, ...spatial }, { padding: 1 }).y);
    graph.output("pooled", graph.op("pool", maxPool2d, { x: shared }, { kernel: 2 }).y);
    const own = graph.op("own", conv2d, { x, weight: weight("w", [16, 16, 1, 1]) }).y;
    graph.output("own", own);
    graph.output("z", graph.op("last", conv2d, { x: own, ...spatial }, { padding: 1 }).y);
    expect(layoutsIn(graph)).toMatchObject({ shared: "nhwc4", own: "nhwc4" });
  });

  it("copies where a variant needs a border and the producer cannot write one", async () => {
    const tile = conv2d.variants["tiled-32x32"] as KernelVariant<never>;
    const rules = { tensors: ["x", "residual", "y"], needs: () => ({ x: 1 }) };
    const needy = { ...conv2d, variants: { ...conv2d.variants, "tiled-32x32": { ...tile, borders: rules } } };
    const graph = new Graph();
    const x = graph.input("x", SHAPE, "nhwc4");
    const positive = graph.op("positive", relu, { x }).y;
    const spatial = { x: positive, weight: weight("s", [16, 16, 3, 3]) };
    graph.output("y", graph.op("spatial", needy, spatial, { padding: 1 }).y);
    expect(Object.entries(layoutsIn(graph))).toEqual([
      ["positive", "nhwc4"],
      ["positive.y as nhwc4+1", "nhwc4+1"],
      ["spatial", "nhwc4"],
    ]);
    const [copied] = await outputsOf(graph, TILE, [4]);
    const [plain] = await outputsOf(graph, { conv2d: "naive" }, [4]);
    expect(largestDifference(copied as number[], plain as number[])).toBeLessThan(1e-4);
  });
});

describe("runKernel", () => {
  const call = async (borders: unknown, variant = "tiled-32x32") => {
    const x = await Tensor.from(device(), new Float32Array(elements(SHAPE)), SHAPE);
    const w = { shape: [8, 16, 1, 1], data: new Float32Array(128) };
    return runKernel(device(), conv2d, { x, weight: w }, {}, { variant, borders: borders as Record<string, number> });
  };

  it("gives its output the border that is asked for", async () => {
    const { y } = await call({ y: 2 });
    expect(y.layout).toBe("nhwc4+2");
    expect(await y.read()).toHaveLength(2 * 8 * 9 * 7);
  });

  it.each([
    [{ weight: 1 }, "tiled-32x32", 'conv2d/tiled-32x32: "weight" can have no border; x, residual, y can'],
    [{ y: 1 }, "naive", 'conv2d/naive: "y" can have no border; none can'],
    [{ y: -1 }, "tiled-32x32", "conv2d/tiled-32x32: the border of y must be a whole number from 0 to 9999, got -1"],
    [{ x: 0.5 }, "tiled-32x32", "conv2d/tiled-32x32: the border of x must be a whole number from 0 to 9999, got 0.5"],
  ])("refuses borders %j with %s", (borders, variant, sentence) =>
    expectError(() => call(borders, variant), "bad-option", sentence),
  );
});
