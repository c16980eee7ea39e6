/** Choosing variants by measurement: what is measured, what is kept, and that plans use the choice. */
import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { conv2d } from "../shaders/conv2d/kernel.js";
import { conv2dReference } from "../shaders/conv2d/reference.js";
import { maxPool2d } from "../shaders/max-pool2d/kernel.js";
import type { Device } from "../src/gpu/device.js";
import { erase, makeProblem } from "../src/kernel/kernel.js";
import { layouts } from "../src/kernel/layout.js";
import type { Nchw } from "../src/kernel/shape.js";
import { requestDevice } from "../src/node.js";
import { Graph } from "../src/plan/graph.js";
import { lower } from "../src/plan/lower.js";
import { Plan } from "../src/plan/plan.js";
import { WeightStore } from "../src/plan/weight-store.js";
import { browserTuningStore } from "../src/tuning/browser-store.js";
import { fileTuningStore } from "../src/tuning/file-store.js";
import { measureVariant } from "../src/tuning/measure-variant.js";
import { Tuner, rivalsOf } from "../src/tuning/tuner.js";
import type { MeasureVariant, TuningStore } from "../src/tuning/tuner.js";
import { seeded } from "./helpers/random.js";
import { compare } from "./helpers/verify-kernel.js";

let software: Device;
/** The same adapter posing as a GPU: its default is a tile, and the tiles are rivals. */
let gpu: Device;
beforeAll(async () => {
  software = await requestDevice();
  gpu = await requestDevice();
  Object.defineProperty(gpu, "software", { value: false });
});
afterAll(() => {
  software.dispose();
  gpu.dispose();
});

const SHAPE: Nchw = [1, 8, 14, 14];
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
  const measure: MeasureVariant = (_device, kernel, _problem, variant) => {
    seen.push(`${kernel.name}/${variant}`);
    const place = order.indexOf(variant);
    return Promise.resolve(place < 0 ? 1000 : place);
  };
  return { measure, seen };
}

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

describe("rivals", () => {
  const problem = makeProblem(erase(conv2d), { x: SHAPE, weight: [8, 8, 3, 3] });
  it("are the variants with the default's layouts, except the naive one", () => {
    const rivals = rivalsOf(erase(conv2d), problem, gpu);
    expect(rivals.length).toBeGreaterThan(3);
    expect(rivals.some((name) => name === "naive" || name.startsWith("lanes"))).toBe(false);
  });
  it("do not exist on a software adapter: nothing is measured and the default runs", async () => {
    const { measure, seen } = fake([]);
    const pick = await new Tuner(software, memoryStore(), measure).choose(graphOf());
    expect(seen).toEqual([]);
    expect(chosenIn(graphOf(), software, pick)).toEqual(chosenIn(graphOf(), software, {}));
  });
});

describe("Tuner", () => {
  it("takes the fastest, and measures a problem once that occurs twice", async () => {
    const { measure, seen } = fake(["tiled-64x64", "vec4"]);
    const pick = await new Tuner(gpu, undefined, measure).choose(graphOf());
    expect(chosenIn(graphOf(), gpu, pick)).toEqual(["tiled-64x64", "tiled-64x64"]);
    expect(new Set(seen).size).toBe(seen.length);
  });

  it("keeps its choices: a second tuner on the same adapter measures only what is new", async () => {
    const store = memoryStore();
    await new Tuner(gpu, store, fake(["vec4"]).measure).choose(graphOf());
    expect(store.writes).toBe(1);
    const again = fake(["tiled-32x32"]);
    const tuner = new Tuner(gpu, store, again.measure);
    expect(chosenIn(graphOf(), gpu, await tuner.choose(graphOf()))).toEqual(["vec4", "vec4"]);
    expect(again.seen).toEqual([]);
    expect(store.writes).toBe(1);
    expect(chosenIn(graphOf(28), gpu, await tuner.choose(graphOf(28)))).toEqual(["tiled-32x32", "tiled-32x32"]);
    expect(chosenIn(graphOf(), gpu, await tuner.choose(graphOf()))).toEqual(["vec4", "vec4"]);
  });

  it.each(["not JSON", "[]", "17", JSON.stringify({ other: { a: 1 }, x: "y" })])(
    "takes a store of %j for an empty one",
    async (text) => {
      const store = memoryStore(text);
      const { measure } = fake(["vec4"]);
      expect(chosenIn(graphOf(), gpu, await new Tuner(gpu, store, measure).choose(graphOf()))).toEqual([
        "vec4",
        "vec4",
      ]);
      expect(JSON.parse(store.text ?? "")).toBeTypeOf("object");
    },
  );

  it("measures again when the kept choice is no variant of this build", async () => {
    const store = memoryStore();
    await new Tuner(gpu, store, fake(["vec4"]).measure).choose(graphOf());
    store.text = store.text?.replaceAll('"vec4"', '"gone"');
    const { measure, seen } = fake(["tiled-32x32"]);
    await new Tuner(gpu, store, measure).choose(graphOf());
    expect(seen.length).toBeGreaterThan(0);
  });

  it("does not measure what the caller fixed", async () => {
    const { measure, seen } = fake([]);
    const pick = await new Tuner(gpu, memoryStore(), measure).choose(graphOf(), { conv2d: "vec4" });
    expect(seen).toEqual([]);
    expect(chosenIn(graphOf(), gpu, pick)).toEqual(["vec4", "vec4"]);
  });

  it("passes on errors of measuring", async () => {
    const tuner = new Tuner(gpu, memoryStore(), () => Promise.reject(new Error("lost")));
    await expect(tuner.choose(graphOf())).rejects.toThrow("lost");
  });

  it("gives up between two rivals when aborted, and keeps nothing", async () => {
    const store = memoryStore();
    const { measure, seen } = fake(["vec4"]);
    const controller = new AbortController();
    const aborting: MeasureVariant = async (...args) => {
      const ms = await measure(...args);
      controller.abort(new Error("enough"));
      return ms;
    };
    await expect(new Tuner(gpu, store, aborting).choose(graphOf(), {}, "f32", controller.signal)).rejects.toThrow(
      "enough",
    );
    expect([seen.length, store.writes]).toEqual([1, 0]);
  });

  it("measures for real, and the plan with its choice computes the same", async () => {
    const tuner = new Tuner(gpu);
    const graph = graphOf();
    const store = new WeightStore(gpu);
    const plan = await Plan.create(gpu, graph, store, await tuner.choose(graph));
    const x = values(8 * 14 * 14, 3);
    const { outputs } = await plan.run({ x: new Uint8Array(layouts.nhwc4.pack(x, SHAPE)) });
    const w = { shape: weight.shape, data: await weight.read() };
    const attrs = { stride: 1, padding: 1, dilation: 1, groups: 1, relu: false };
    const a = conv2dReference({ x: { shape: SHAPE, data: x }, weight: w }, attrs).y;
    const b = a && conv2dReference({ x: a, weight: w }, attrs).y;
    const pooled = Array.from({ length: 8 * 7 * 7 }, (_, i) => {
      const at = Math.floor(i / 49) * 196 + Math.floor((i % 49) / 7) * 28 + (i % 7) * 2;
      return Math.max(...[0, 1, 14, 15].map((d) => b?.data[at + d] as number));
    });
    const y = outputs.get("y");
    compare(y ? layouts[y.layout].unpack(y.bytes, y.shape) : [], pooled, "f32", "tuned");
    plan.dispose();
    store.dispose();
  });

  it("gives every rival a time above zero", async () => {
    const kernel = erase(conv2d);
    const problem = makeProblem(kernel, { x: SHAPE, weight: [8, 8, 3, 3] });
    for (const name of rivalsOf(kernel, problem, gpu))
      expect(await measureVariant(gpu, kernel, problem, name, Infinity)).toBeGreaterThan(0);
    expect(await measureVariant(software, kernel, problem, "lanes-8", Infinity)).toBeGreaterThan(0);
  });
});

describe("stores", () => {
  it("of Node keep a file that is replaced as a whole", async () => {
    const folder = mkdtempSync(join(tmpdir(), "fcn-webgpu-"));
    const store = fileTuningStore(join(folder, "new"));
    expect(await store.read()).toBeUndefined();
    await store.write('{"a":{}}');
    await store.write('{"b":{}}');
    expect(await store.read()).toBe('{"b":{}}');
    expect(readdirSync(join(folder, "new"))).toEqual(["tuning.json"]);
  });

  it("of Node ignore a file of 5 MB, and a folder that cannot be made costs nothing", async () => {
    const folder = mkdtempSync(join(tmpdir(), "fcn-webgpu-"));
    writeFileSync(join(folder, "tuning.json"), "x".repeat(5 * 1024 * 1024));
    expect(await fileTuningStore(folder).read()).toBeUndefined();
    const blocked = fileTuningStore(join(folder, "tuning.json", "below a file"));
    await blocked.write("{}");
    expect(await blocked.read()).toBeUndefined();
  });

  it("of browsers keep an entry of the Cache API, and do without it", async () => {
    const entries = new Map<string, Response>();
    const cache: Pick<Cache, "match" | "put"> = {
      match: (key) => Promise.resolve(entries.get(key as string)?.clone()),
      put: (key, response) => Promise.resolve(void entries.set(key as string, response)),
    };
    const store = browserTuningStore(() => Promise.resolve(cache));
    expect(await store.read()).toBeUndefined();
    await store.write("{}");
    expect(await store.read()).toBe("{}");
    const forbidden = browserTuningStore(() => Promise.reject(new Error("insecure")));
    await forbidden.write("{}");
    expect(await forbidden.read()).toBeUndefined();
    expect(await browserTuningStore().read()).toBeUndefined(); // Node has no Cache API
  });
});
