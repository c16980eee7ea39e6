/** How many pipelines adapters compile for FCN-8s of the full size. Here nothing is compiled, only counted. */
import { beforeAll, describe, expect, it } from "vitest";
import { paperFcnTensors } from "../bench/hashed-weights.js";
import { conv2d, project } from "../shaders/index.js";
import { Device } from "../src/gpu/device.js";
import { pipelinesOf } from "../src/gpu/pipelines.js";
import { erase, makeProblem } from "../src/kernel/kernel.js";
import type { Kernel } from "../src/kernel/kernel.js";
import type { Precision } from "../src/kernel/variant.js";
import { assemble } from "../src/models/assemble.js";
import { modelOf } from "../src/models/model.js";
import { outputGraph } from "../src/models/output-graph.js";
import { IMAGENET } from "../src/models/preprocessing.js";
import { compile } from "../src/plan/compile.js";
import type { Graph } from "../src/plan/graph.js";
import { lower } from "../src/plan/lower.js";
import { fileSource, openCheckpoint } from "../src/node.js";
import { Tuner } from "../src/tuning/tuner/tuner.js";
import type { MeasureVariant } from "../src/tuning/tuner/tuner.js";
import { recognise } from "../src/weights/names.js";
import { hashedCheckpoint } from "./helpers/hashed-checkpoint.js";
import { paperNetwork } from "./helpers/networks.js";
import { nullDevice } from "./helpers/null-device.js";

const H200 = {
  vendor: "nvidia",
  architecture: "hopper",
  device: "NVIDIA-H200",
  description: "",
  software: false,
  subgroupSize: 32,
};
/** A software adapter in Firefox or Deno: their WebGPU, wgpu, has no subgroups. */
const WGPU_SOFTWARE = { ...H200, vendor: "mesa", architecture: "", device: "0", software: true, subgroupSize: 0 };
/** Lavapipe in Node and Chromium. */
const LAVAPIPE = { ...WGPU_SOFTWARE, architecture: "x86_64", subgroupSize: 8 };
const network = paperNetwork(hashedCheckpoint(paperFcnTensors()), "fcn8s");

function graphOf(height: number, width: number): Graph {
  const prepared = { network, preprocessing: IMAGENET, resize: "none", description: "" } as const;
  return outputGraph(prepared, { kind: "labels", count: 1, height, width });
}

/** Counts pipelines without making them. Those whose label begins with `refused` do not compile. */
async function countingGpu(refused?: string): Promise<GPUDevice> {
  const gpu = await nullDevice();
  Object.defineProperty(gpu, "createComputePipelineAsync", {
    value: ({ label = "" }: GPUComputePipelineDescriptor) =>
      refused && label.startsWith(refused) ? Promise.reject(new Error("no such instruction")) : Promise.resolve({}),
  });
  return gpu;
}

/** Poses as an H200, with its workgroup memory. */
async function h200(): Promise<Device> {
  const device = new Device(await countingGpu(), H200, undefined, { syntax: "template", note: "" });
  const limits = { maxComputeWorkgroupStorageSize: 49152, maxComputeInvocationsPerWorkgroup: 1024 };
  Object.defineProperty(device, "limits", { value: { ...device.limits, ...limits } });
  return device;
}

/** Pipelines compiled so far, after each size in turn. */
async function countsOver(sizes: readonly (readonly [number, number])[], precision: Precision): Promise<number[]> {
  const device = await h200();
  const measured: string[] = [];
  const measure: MeasureVariant = (_, { variant }) => Promise.resolve(measured.push(variant));
  const tuner = new Tuner(device, {}, { measure });
  const counts: number[] = [];
  for (const [height, width] of sizes) {
    const graph = graphOf(height, width);
    const pick = await tuner.choose(graph, {}, precision);
    await compile(device, () => [{ lowered: lower(graph, device, pick, precision) }], undefined);
    counts.push(pipelinesOf(device).size);
  }
  expect(measured).toEqual([]); // no trial runs
  return counts;
}

const SIZES = [
  [224, 224],
  [512, 512],
  [800, 800],
  [480, 640],
  [600, 800],
  [375, 500],
  [1024, 768],
] as const;

describe.each(["f32", "f16"] as const)("FCN-8s in %s", (precision) => {
  let counts: number[];
  beforeAll(async () => {
    counts = await countsOver(SIZES, precision);
  });

  it("compiles at most 40 pipelines for any first size", async () => {
    expect(counts[0]).toBeLessThanOrEqual(40);
    for (const size of SIZES.slice(1)) expect((await countsOver([size], precision))[0]).toBeLessThanOrEqual(40);
  });

  it("compiles at most 8 more for another size", () => {
    counts.slice(1).forEach((count, i) => expect(count - (counts[i] as number)).toBeLessThanOrEqual(8));
  });
});

const shippedGraph = async (): Promise<typeof graphOf> => {
  const checkpoint = await openCheckpoint(await fileSource("weights/fcn-mobilenet-v2-photos-f16.safetensors"));
  const { assembled } = await assemble(recognise(checkpoint), {});
  await checkpoint.close(); // pipelines are counted without weights
  const model = modelOf(assembled, { resize: "none" });
  return (height, width) => outputGraph(model, { kind: "labels", count: 1, height, width });
};

it.each([
  ["ResNet-101", () => Promise.resolve(graphOf)],
  ["the MobileNetV2 that ships", shippedGraph],
] as const)("compiles at most 10 pipelines of %s on a software adapter without subgroups", async (_, open) => {
  const graphAt = await open();
  const device = new Device(await countingGpu(), WGPU_SOFTWARE);
  Object.defineProperty(device, "features", { value: new Set(["shader-f16"]) });
  const counts: number[] = [];
  for (const [height, width] of SIZES) {
    const graph = graphAt(height, width);
    await compile(device, () => [{ lowered: lower(graph, device, {}, "f32") }], undefined);
    counts.push(pipelinesOf(device).size);
  }
  expect(counts[0]).toBeGreaterThan(0);
  expect(counts[0]).toBeLessThanOrEqual(10);
  expect(new Set(counts).size, "none for another size").toBe(1);
});

/** A device that poses as lavapipe, with subgroups. */
async function lavapipe(refused?: string): Promise<Device> {
  const device = new Device(await countingGpu(refused), LAVAPIPE);
  Object.defineProperty(device, "features", { value: new Set(["subgroups"]) });
  return device;
}

it("compiles at most 6 pipelines of the MobileNetV2 that ships where kernels share a shader", async () => {
  const device = await lavapipe();
  const graph = (await shippedGraph())(384, 512);
  const [compiled] = await compile(device, () => [{ lowered: lower(graph, device, {}, "f32") }], undefined);
  expect(pipelinesOf(device).size).toBeLessThanOrEqual(6);
  const kernels = compiled?.lowered.steps.map(({ kernel }) => kernel.name);
  expect(kernels).toEqual(expect.arrayContaining(["conv2d", "project", "conv-transpose2d"]));
});

it("compiles a shared shader anew where a caller changed its text", async () => {
  const device = await lavapipe();
  const pipelines = pipelinesOf(device);
  const shapes = { x: [1, 8, 4, 4], weight: [3, 8, 1, 1] };
  const keyOf = async (kernel: Kernel, variant = "lanes-8"): Promise<string> =>
    (await pipelines.get(kernel, variant, makeProblem(kernel, shapes))).key;
  const own = erase({ ...project, shaders: { ...project.shaders, lanes: `${project.shaders.lanes}// mine` } });
  const shared = await keyOf(erase(conv2d));
  expect(await keyOf(erase(project))).toBe(shared);
  expect(await keyOf(own)).not.toBe(shared);
  expect(await keyOf(own)).toBe(await keyOf(own));
  expect(await keyOf(erase(project), "naive")).not.toBe(shared);
  expect(pipelines.size).toBe(3);
});

it("gives every kernel another variant where the shader that they share does not compile", async () => {
  const device = await lavapipe("shared");
  const graph = (await shippedGraph())(384, 512);
  const [compiled] = await compile(device, () => [{ lowered: lower(graph, device, {}, "f32") }], undefined);
  const steps = compiled?.lowered.steps ?? [];
  expect(steps.map(({ kernel }) => kernel.name)).toEqual(expect.arrayContaining(["conv2d", "project"]));
  expect(steps.filter(({ variant }) => variant.shared)).toEqual([]);
  expect(device.refused.size).toBeGreaterThanOrEqual(3);
});
