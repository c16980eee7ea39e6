/** Choosing variants by measurement: what is measured, what is kept, and that plans use the choice. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { conv2d } from "../shaders/conv2d/kernel.js";
import { maxPool2d } from "../shaders/max-pool2d/kernel.js";
import type { Device } from "../src/gpu/device.js";
import { rankedVariants } from "../src/kernel/choice.js";
import { erase, makeProblem } from "../src/kernel/kernel.js";
import { requestDevice } from "../src/node.js";
import { Graph } from "../src/plan/graph.js";
import { lower } from "../src/plan/lower.js";
import { candidatesOf, classKey } from "../src/tuning/tuner/candidates.js";
import { openTuner } from "../src/tuning/open-tuner.js";
import { Tuner } from "../src/tuning/tuner/tuner.js";
import type { MeasureVariant } from "../src/tuning/tuner/tuner.js";
import type { TuningStore } from "../src/tuning/tuning-store.js";
import { seeded } from "./helpers/random.js";

let software: Device;
/** The same adapter posing as a GPU: its default is a tile, and the tiles are rivals. */
let gpu: Device;
beforeAll(async () => {
  software = await requestDevice();
  gpu = await requestDevice();
  Object.defineProperty(software, "software", { value: true });
  Object.defineProperty(gpu, "software", { value: false });
});
afterAll(() => {
  software.dispose();
  gpu.dispose();
});

const values = (n: number, seed: number): Float32Array => new Float32Array(n).map(seeded(seed));
const weight = { name: "w", shape: [8, 8, 3, 3], read: () => Promise.resolve(values(8 * 8 * 9, 2)) };

function graphOf(height = 14): Graph {
  const graph = new Graph();
  const x = graph.input("x", [1, 8, height, 14], "nhwc4");
  const a = graph.op("a", conv2d, { x, weight }, { padding: 1 }).y;
  const b = graph.op("b", conv2d, { x: a, weight }, { padding: 1 }).y;
  graph.output("y", graph.op("pool", maxPool2d, { x: b }, { kernel: 2 }).y);
  return graph;
}

/** Times every variant by its position in `order`, and records the call. */
function fake(order: readonly string[]): { measure: MeasureVariant; seen: string[] } {
  const seen: string[] = [];
  const measure: MeasureVariant = (_device, { kernel, variant }) => {
    seen.push(`${kernel.name}/${variant}`);
    const place = order.indexOf(variant);
    return Promise.resolve(place < 0 ? 1000 : place);
  };
  return { measure, seen };
}

const BUDGET = 1e6;
const tunerOf = (measure: MeasureVariant, store?: TuningStore): Tuner =>
  new Tuner(gpu, { tuneBudget: BUDGET, tuning: store }, { measure });

function memoryStore(text?: string): TuningStore & { text: string | undefined; writes: number } {
  return {
    text,
    writes: 0,
    read() {
      return Promise.resolve(this.text);
    },
    write(next) {
      this.text = next;
      this.writes++;
      return Promise.resolve();
    },
  };
}

const chosenIn = (graph: Graph, device: Device, pick: Parameters<typeof lower>[2]): string[] =>
  lower(graph, device, pick).steps.flatMap((s) => (s.kernel.name === "conv2d" ? [s.variantName] : []));

const conv = erase(conv2d);
const problemOf = (height = 14) => makeProblem(conv, { x: [1, 8, height, 14], weight: [8, 8, 3, 3] }, { padding: 1 });

describe("candidates", () => {
  it("are the three with the least estimates, with the layouts of the first", () => {
    const candidates = candidatesOf(conv, problemOf(), gpu);
    expect(candidates).toHaveLength(3);
    expect(candidates).toEqual(rankedVariants(conv, problemOf(), gpu).slice(0, 3));
    expect(candidates.every((name) => name.startsWith("tiled-"))).toBe(true);
  });

  it("do not exist on a software adapter: nothing is measured and the default runs", async () => {
    const { measure, seen } = fake([]);
    const pick = await new Tuner(software, { tuneBudget: BUDGET }, { measure }).choose(graphOf());
    expect(seen).toEqual([]);
    expect(chosenIn(graphOf(), software, pick)).toEqual(chosenIn(graphOf(), software, {}));
  });
});

describe("Tuner", () => {
  const candidates = (): string[] => candidatesOf(conv, problemOf(), gpu);
  /** Not the first, which would be taken without measuring. */
  const other = (): string => candidates()[1] as string;

  it("measures nothing without a budget, and takes the first", async () => {
    const { measure, seen } = fake([other()]);
    const pick = await new Tuner(gpu, { tuning: memoryStore() }, { measure }).choose(graphOf());
    expect(seen).toEqual([]);
    expect(chosenIn(graphOf(), gpu, pick)).toEqual([candidates()[0], candidates()[0]]);
  });

  it("takes the fastest of at most three, and measures a problem once that occurs twice", async () => {
    const { measure, seen } = fake([other()]);
    const pick = await tunerOf(measure).choose(graphOf());
    expect(chosenIn(graphOf(), gpu, pick)).toEqual([other(), other()]);
    expect(seen).toEqual(candidates().map((name) => `conv2d/${name}`));
  });

  it("keeps its choices: a second tuner on the same adapter measures only what is new", async () => {
    const store = memoryStore();
    await tunerOf(fake([other()]).measure, store).choose(graphOf());
    expect(store.writes).toBe(1);
    const again = fake([]);
    const tuner = tunerOf(again.measure, store);
    expect(chosenIn(graphOf(), gpu, await tuner.choose(graphOf()))).toEqual([other(), other()]);
    expect(again.seen).toEqual([]);
    expect(store.writes).toBe(1);
    await tuner.choose(graphOf(28));
    expect(again.seen.length).toBeGreaterThan(1);
    expect(chosenIn(graphOf(), gpu, await tuner.choose(graphOf()))).toEqual([other(), other()]);
  });

  it("uses kept choices without a budget", async () => {
    const store = memoryStore();
    await tunerOf(fake([other()]).measure, store).choose(graphOf());
    const pick = await new Tuner(gpu, { tuning: store }).choose(graphOf());
    expect(chosenIn(graphOf(), gpu, pick)).toEqual([other(), other()]);
  });

  it("shares a choice between sizes of a class, a quarter more pixels at most", async () => {
    const { measure, seen } = fake([other()]);
    const tuner = tunerOf(measure);
    await tuner.choose(graphOf(16));
    const before = seen.length;
    expect(classKey(conv, problemOf(17))).toBe(classKey(conv, problemOf(16)));
    await tuner.choose(graphOf(17));
    expect(seen.length).toBe(before);
    expect(classKey(conv, problemOf(21))).not.toBe(classKey(conv, problemOf(16)));
  });

  it("stops when its budget is spent, and keeps what was measured completely", async () => {
    let clock = 0;
    const { measure, seen } = fake([other()]);
    const slow: MeasureVariant = (...args) => {
      clock += 400;
      return measure(...args);
    };
    const store = memoryStore();
    const tuner = new Tuner(gpu, { tuneBudget: 1500, tuning: store }, { measure: slow, now: () => clock });
    await tuner.choose(graphOf());
    await tuner.choose(graphOf(40));
    expect(seen).toHaveLength(4); // three of the first problem, and one more within 1,500 ms
    expect(store.writes).toBe(1);
    await tuner.choose(graphOf(80));
    expect(seen).toHaveLength(4);
  });

  it("begins with the problem that is estimated to take longest", async () => {
    const graph = new Graph();
    const x = graph.input("x", [1, 8, 28, 28], "nhwc4");
    const small = graph.op("small", conv2d, { x, weight }, { padding: 1, stride: 4 }).y;
    graph.output("small", small);
    graph.output("large", graph.op("large", conv2d, { x, weight }, { padding: 1 }).y);
    const sizes: number[] = [];
    const measure: MeasureVariant = (_, { problem }) => Promise.resolve(sizes.push(problem.out.y?.[2] ?? 0));
    await tunerOf(measure).choose(graph);
    expect([...new Set(sizes)]).toEqual([28, 7]);
  });

  it.each(["not JSON", "[]", "17", JSON.stringify({ other: { a: 1 }, x: "y" })])(
    "takes a store of %j for an empty one",
    async (text) => {
      const store = memoryStore(text);
      const pick = await tunerOf(fake([other()]).measure, store).choose(graphOf());
      expect(chosenIn(graphOf(), gpu, pick)).toEqual([other(), other()]);
      expect(JSON.parse(store.text ?? "")).toBeTypeOf("object");
    },
  );

  it("ignores a kept choice that is no variant of this build", async () => {
    const store = memoryStore();
    await tunerOf(fake([other()]).measure, store).choose(graphOf());
    store.text = store.text?.replaceAll(`"${other()}"`, '"gone"');
    const pick = await new Tuner(gpu, { tuning: store }).choose(graphOf());
    expect(chosenIn(graphOf(), gpu, pick)).toEqual([candidates()[0], candidates()[0]]);
  });

  it("does not measure what the caller fixed", async () => {
    const { measure, seen } = fake([]);
    const pick = await tunerOf(measure, memoryStore()).choose(graphOf(), { conv2d: "vec4" });
    expect(seen).toEqual([]);
    expect(chosenIn(graphOf(), gpu, pick)).toEqual(["vec4", "vec4"]);
  });

  it("passes on errors of measuring", async () => {
    const tuner = tunerOf(() => Promise.reject(new Error("lost")), memoryStore());
    await expect(tuner.choose(graphOf())).rejects.toThrow("lost");
  });

  it("gives up between two candidates when aborted, and keeps nothing", async () => {
    const store = memoryStore();
    const { measure, seen } = fake([]);
    const controller = new AbortController();
    const aborting: MeasureVariant = async (...args) => {
      const ms = await measure(...args);
      controller.abort(new Error("enough"));
      return ms;
    };
    await expect(tunerOf(aborting, store).choose(graphOf(), {}, "f32", controller.signal)).rejects.toThrow("enough");
    expect([seen.length, store.writes]).toEqual([1, 0]);
  });

  it("that was aborted leaves what it had measured to the next call, which keeps it", async () => {
    const store = memoryStore();
    const controller = new AbortController();
    const aborting: MeasureVariant = (_device, { problem }) => {
      if (problem.in.x?.[2] === 14) controller.abort(new Error("enough"));
      return Promise.resolve(1);
    };
    const tuner = tunerOf(aborting, store);
    const both = graphOf(400);
    for (const { kernel, problem, label, tensors, weights, outputs } of graphOf().nodes)
      both.nodes.push({ kernel, problem, label, tensors, weights, outputs });
    await expect(tuner.choose(both, {}, "f32", controller.signal)).rejects.toThrow("enough");
    expect(store.writes).toBe(0);
    await tuner.choose(graphOf(400), {}, "f32");
    expect(store.writes).toBe(1);
    expect(store.text).toContain("conv2d f32");
  });
});

it("is loaded where something may be measured or choices are kept, and not otherwise", async () => {
  expect(await openTuner(gpu, {})).toBeUndefined();
  expect(await openTuner(gpu, { tuning: memoryStore(), tuneBudget: 0 })).toBeUndefined();
  expect(await openTuner(gpu, { tuning: memoryStore("{}") })).toBeInstanceOf(Tuner);
  expect(await openTuner(gpu, { tuneBudget: 1 })).toBeInstanceOf(Tuner);
});
