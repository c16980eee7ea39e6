/** The decoder of docs/decoder.md against float64: over several runs and sizes, in f32 and f16. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { layouts } from "../src/kernel/layout.js";
import { elements } from "../src/kernel/shape.js";
import type { Nchw } from "../src/kernel/shape.js";
import type { Precision } from "../src/kernel/variant.js";
import type { Weight } from "../src/kernel/weight.js";
import { Graph } from "../src/plan/graph.js";
import type { Value } from "../src/plan/graph.js";
import { Plan } from "../src/plan/plan.js";
import type { PlanResult } from "../src/plan/plan-options.js";
import { WeightStore } from "../src/plan/weight-store.js";
import { countingCreations } from "./helpers/count-creations.js";
import { useDevice } from "./helpers/device.js";
import { PAGES } from "./helpers/docs.js";
import { convolve, joinChannels, resizeBilinear } from "./helpers/float64-layers.js";
import type { Feature, Float64Tensor } from "./helpers/float64-layers.js";
import { seeded } from "./helpers/random.js";
import { root } from "./helpers/sources.js";
import { compare } from "./helpers/verify-kernel.js";

interface Layer {
  readonly weight: Weight;
  readonly bias: Weight;
}
type Layers = Readonly<Record<"mix" | "score", Layer>>;
type Decode = (graph: Graph, coarse: Value, fine: Value, layers: Layers) => { logits: Value; labels: Value };

const device = useDevice();
const folder = join(root, "out/decoder-test", String(process.pid));
let decode: Decode;

/** The page's module, with the kernels of the sources in place of the package's. */
beforeAll(async () => {
  const blocks = PAGES.find(({ file }) => file === "docs/decoder.md")?.blocks ?? [];
  const text = blocks.find(({ words }) => words[0] === "decoder.ts")?.text ?? "";
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "decoder.ts");
  writeFileSync(file, text.replace('"fcn-webgpu/kernels"', JSON.stringify(join(root, "shaders/index.ts"))));
  ({ decode } = (await import(pathToFileURL(file).href)) as { decode: Decode });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let reads = 0;
type Known = Weight & Float64Tensor;

/** Small values, so that sums stay near 1. */
function weight(name: string, shape: readonly number[]): Known {
  const random = seeded(elements(shape));
  const data = new Float32Array(elements(shape)).map(() => (random() - 0.5) / 8);
  const read = (): Promise<Float32Array> => {
    reads += 1;
    return Promise.resolve(data.slice());
  };
  return { name, shape, data, read };
}

/** 20 + 13 channels: neither the second input nor the classes fill their last block. */
const LAYERS = {
  mix: { weight: weight("mix.weight", [24, 33, 3, 3]), bias: weight("mix.bias", [24]) },
  score: { weight: weight("score.weight", [21, 24, 1, 1]), bias: weight("score.bias", [21]) },
};
interface Sizes {
  readonly coarse: Nchw;
  readonly fine: Nchw;
}
const SIZES: Sizes = { coarse: [1, 20, 5, 7], fine: [1, 13, 19, 28] };
const OTHER: Sizes = { coarse: [1, 20, 3, 4], fine: [1, 13, 12, 13] };

const featureOf = ([, c, h, w]: Nchw, seed: number): Feature => {
  const random = seeded(seed);
  return { c, h, w, data: new Float64Array(c * h * w).map(() => Math.fround(random() * 2 - 1)) };
};

/** Logits in float64. */
function reference(coarse: Feature, fine: Feature): Feature {
  const both = joinChannels(resizeBilinear(coarse, fine.h, fine.w), fine);
  const mixed = convolve(both, LAYERS.mix.weight, LAYERS.mix.bias.data, { padding: 1 });
  const relued = { ...mixed, data: mixed.data.map((value) => Math.max(0, value)) };
  return convolve(relued, LAYERS.score.weight, LAYERS.score.bias.data);
}

/** The largest logit of every pixel, the first where several are. */
function largest({ c, h, w, data }: Feature): number[] {
  return Array.from({ length: h * w }, (_, pixel) => {
    const logits = Array.from({ length: c }, (_ignored, k) => data[k * h * w + pixel] as number);
    return logits.indexOf(Math.max(...logits));
  });
}

function planFor({ coarse, fine }: Sizes, store: WeightStore, precision: Precision = "f32"): Promise<Plan> {
  const graph = new Graph();
  const made = decode(graph, graph.input("coarse", coarse, "nhwc4"), graph.input("fine", fine, "nhwc4"), LAYERS);
  graph.output("logits", made.logits);
  graph.output("labels", made.labels);
  return Plan.create(device(), graph, store, undefined, { precision });
}

function valuesOf({ outputs }: PlanResult, name: string): ArrayLike<number> {
  const output = outputs.get(name);
  if (!output) throw new Error(`no output ${name}`);
  return layouts[output.layout].unpack(output.bytes, output.shape);
}

const bytesOf = (shape: Nchw, { data }: Feature): Uint8Array => new Uint8Array(layouts.nhwc4.pack(data, shape));

async function expectRight(plan: Plan, sizes: Sizes, seed: number): Promise<void> {
  const [coarse, fine] = [featureOf(sizes.coarse, seed), featureOf(sizes.fine, seed + 1)];
  const result = await plan.run({ coarse: bytesOf(sizes.coarse, coarse), fine: bytesOf(sizes.fine, fine) });
  const logits = valuesOf(result, "logits");
  const wanted = reference(coarse, fine);
  compare(logits, wanted.data, "f32", `logits ${seed}`);
  expect(Array.from(valuesOf(result, "labels"))).toEqual(largest({ ...wanted, data: Float64Array.from(logits) }));
}

describe("the decoder of docs/decoder.md", () => {
  it("agrees with float64 in every run and size; weights are read once and stay on the GPU", async () => {
    const store = new WeightStore(device());
    reads = 0;
    const plan = await planFor(SIZES, store);
    const resident = store.bytes;
    expect(resident).toBeGreaterThan(4 * (24 * 33 * 9 + 21 * 24));
    await expectRight(plan, SIZES, 1);
    const created = await countingCreations(device(), async () => {
      for (const seed of [5, 9, 13]) await expectRight(plan, SIZES, seed);
    });
    expect([created, reads, store.bytes]).toEqual([{}, 4, resident]);
    const other = await planFor(OTHER, store);
    await expectRight(other, OTHER, 17);
    for (const made of [plan, other]) made.dispose();
    store.dispose();
  });

  it("is near float64 where activations and weights are stored as f16", async () => {
    const store = new WeightStore(device());
    const plan = await planFor(SIZES, store, "f16");
    const joined = plan.steps.find(({ label }) => label === "both");
    expect(joined?.outputs["y"]?.layout).toMatch(/^nhwc4-f16/);
    const [coarse, fine] = [featureOf(SIZES.coarse, 1), featureOf(SIZES.fine, 2)];
    const result = await plan.run({ coarse: bytesOf(SIZES.coarse, coarse), fine: bytesOf(SIZES.fine, fine) });
    const [got, { data }] = [valuesOf(result, "logits"), reference(coarse, fine)];
    // Halves are within 1/2048; of the largest logit that is 5e-4.
    const worst = Math.max(...data.map((value, i) => Math.abs(value - (got[i] as number))));
    expect(worst / Math.max(...data.map(Math.abs))).toBeLessThan(2e-3);
    plan.dispose();
    store.dispose();
  });
});
