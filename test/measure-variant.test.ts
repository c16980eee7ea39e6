/** Measuring kernel variants for real: what it takes, what it leaves, and that the choice computes the same. */
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { conv2d } from "../shaders/conv2d/kernel.js";
import { conv2dReference } from "../shaders/conv2d/reference.js";
import { maxPool2d } from "../shaders/max-pool2d/kernel.js";
import type { Device } from "../src/gpu/device.js";
import { defaultVariant } from "../src/kernel/choice.js";
import { erase, makeProblem } from "../src/kernel/kernel.js";
import { layoutNamed, layouts } from "../src/kernel/layout.js";
import type { Nchw } from "../src/kernel/shape.js";
import { requestDevice } from "../src/node.js";
import { Graph } from "../src/plan/graph.js";
import { Plan } from "../src/plan/plan.js";
import { WeightStore } from "../src/plan/weight-store.js";
import { candidatesOf } from "../src/tuning/tuner/candidates.js";
import { measureVariant } from "../src/tuning/tuner/measure-variant.js";
import { Tuner } from "../src/tuning/tuner/tuner.js";
import { seeded } from "./helpers/random.js";
import { compare } from "./helpers/verify-kernel.js";

let software: Device;
/** The same adapter posing as a GPU: its default is a tile, and the likeliest tiles are candidates. */
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

const BUDGET = 1e6;
const SHAPE: Nchw = [1, 8, 14, 14];
const values = (n: number, seed: number): Float32Array => new Float32Array(n).map(seeded(seed));
const weight = { name: "w", shape: [8, 8, 3, 3], read: () => Promise.resolve(values(8 * 8 * 9, 2)) };
const conv = erase(conv2d);
const problem = makeProblem(conv, { x: SHAPE, weight: [8, 8, 3, 3] }, { padding: 1 });

function graphOf(): Graph {
  const graph = new Graph();
  const x = graph.input("x", SHAPE, "nhwc4");
  const a = graph.op("a", conv2d, { x, weight }, { padding: 1 }).y;
  const b = graph.op("b", conv2d, { x: a, weight }, { padding: 1 }).y;
  graph.output("y", graph.op("pool", maxPool2d, { x: b }, { kernel: 2 }).y);
  return graph;
}

it("measures for real, and the plan with its choice computes the same", async () => {
  const tuner = new Tuner(gpu, { tuneBudget: BUDGET });
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
  compare(y ? layoutNamed(y.layout).unpack(y.bytes, y.shape) : [], pooled, "f32", "tuned");
  plan.dispose();
  store.dispose();
});

it("gives every candidate a time above zero, and uploads, packs and reads nothing", async () => {
  const written = vi.spyOn(gpu.gpu.queue, "writeBuffer");
  for (const variant of candidatesOf(conv, problem, gpu))
    expect(await measureVariant(gpu, { kernel: conv, problem, variant }, Infinity)).toBeGreaterThan(0);
  expect(written.mock.calls.map(([, , data]) => data.byteLength)).toEqual([96, 96, 96]); // the uniforms
  written.mockRestore();
  const variant = defaultVariant(conv, problem, software) ?? "naive"; // one with textures, where the adapter has it
  expect(await measureVariant(software, { kernel: conv, problem, variant }, Infinity)).toBeGreaterThan(0);
});

it("measures the pipelines that a plan runs, in which x has a border", async () => {
  const device = await requestDevice();
  Object.defineProperty(device, "software", { value: false });
  const made = vi.spyOn(device.gpu, "createComputePipelineAsync");
  const names = (): string[] =>
    made.mock.calls.map(([{ label = "" }]) => label).filter((text) => text.includes("conv2d"));
  const plan = await Plan.create(device, graphOf(), new WeightStore(device));
  const inPlan = names();
  for (const variant of candidatesOf(conv, problem, device))
    await measureVariant(device, { kernel: conv, problem, variant }, Infinity);
  const measured = names().slice(inPlan.length);
  expect(inPlan.some((label) => label.includes("INSIDE=1"))).toBe(true);
  expect(measured.filter((label) => label.includes("INSIDE=0"))).toEqual([]);
  plan.dispose();
  device.dispose();
});

it("frees what a measurement took", async () => {
  const { bytes } = gpu.allocations;
  await measureVariant(gpu, { kernel: conv, problem, variant: "tiled-32x32" }, Infinity);
  expect(gpu.allocations.bytes).toBe(bytes);
});
