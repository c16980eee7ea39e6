/**
 * The declarations of the installed package in strict TypeScript projects without further settings: no `types`, no
 * `skipLibCheck`, no other package. `tsc` reports nothing, or the test shows what it reports.
 */
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { GUIDES } from "../helpers/docs.js";
import { ROOT, runTool, useInstalled } from "../helpers/installed.js";

const installed = useInstalled();

const NODE = `
import { Comparison, createFcn, fileSource, Graph, GpuWeight, loadFcn, openCheckpoint } from "fcn-webgpu/node";
import { readPicture, requestDevice, Tensor, runKernel, isFcnError } from "fcn-webgpu/node";
import type { FailedPicture, Fcn, HostTensors, NodePicture, Picture, Segmentation } from "fcn-webgpu/node";
import { argmax, conv2d, resize } from "fcn-webgpu/kernels";
import { ConfusionMatrix } from "fcn-webgpu/eval";

export async function labels(picture: NodePicture): Promise<Segmentation> {
  const device = await requestDevice({ adapter: "llvmpipe" });
  const gpu: GPUDevice = device.gpu;
  const bytes: number = gpu.limits.maxBufferSize;
  const fcn = await loadFcn({ variant: "fcn8s", device });
  try {
    const result = await fcn.segment(picture);
    const confusion = new ConfusionMatrix(21);
    console.log(bytes, result.labels[0], result.names.join(), confusion);
    return result;
  } catch (error) {
    if (isFcnError(error, "device-lost")) console.log(error.code, error.message);
    throw error;
  } finally {
    fcn.dispose();
  }
}

export async function kernel(): Promise<number> {
  const device = await requestDevice();
  using fcn = await loadFcn({ device });
  using x = await Tensor.from(device, new Float32Array(27), [1, 3, 3, 3]);
  const weight = { shape: [8, 3, 3, 3], data: new Float32Array(216) };
  const { y } = await runKernel(device, conv2d, { x, weight }, { stride: 2, padding: 1, relu: true });
  return y.shape[1] + fcn.memory.plans;
}
export async function heads(tensors: HostTensors, weight: Float32Array): Promise<number> {
  const fcn32s = { "score32.weight": { shape: [2, 8, 1, 1], data: weight } };
  using fcn = await createFcn({ backbone: tensors, heads: { fcn32s } });
  const { layer2, layer4 } = await fcn.features("a.png", ["layer2", "layer4"]);
  const values: Float32Array = layer2.data;
  using onGpu: Tensor = (await fcn.features("a.png", ["layer4"], { on: "gpu" })).layer4;
  await fcn.setHeads({ fcn32s: {} }, { classNames: ["a", "b"] });
  return values.length + layer4.shape[1] + onGpu.shape[2];
}
export async function streams(fcn: Fcn<NodePicture>, paths: readonly string[]): Promise<string[]> {
  const seen: string[] = [];
  for await (const { index, picture, labels, timings } of fcn.segmentAll(paths)) {
    const path: string = picture;
    const ms: number = timings.queued + timings.decode + labels.length + index;
    seen.push(path + ms);
  }
  for await (const result of fcn.segmentAll(paths, { onError: "continue", inFlight: 2 })) {
    // @ts-expect-error: a failure has no labels
    const { labels } = result;
    const path: string = result.picture;
    if (result.error) seen.push(result.error.code, path, labels);
    else seen.push(result.names.join());
  }
  const onError = ({ index, error }: FailedPicture<string>): void => void seen.push(error.code + index);
  for await (const { labels } of fcn.segmentAll(paths, { onError })) seen.push(String(labels.length));
  for await (const { names } of fcn.segmentAll([new URL("https://example.org/a.png"), new Uint16Array(2)])) {
    seen.push(...names);
  }
  // @ts-expect-error: no such value
  fcn.segmentAll(paths, { onError: "skip" });
  // @ts-expect-error: a number is no picture
  fcn.segmentAll([1]);
  const picture: Picture = await readPicture(new DataView(new ArrayBuffer(2)), { signal: AbortSignal.timeout(9) });
  const compared = await (await Comparison.open(fcn.device, await openCheckpoint(await fileSource("a")))).run("a.png");
  return [...seen, String(compared.timings.total - compared.run + picture.width)];
}
export async function kernelTypes(x: Tensor): Promise<void> {
  using weight = GpuWeight.from(x.device, { shape: [8, 3, 3, 3], data: new Float32Array(216) });
  await runKernel(x.device, conv2d, { x, weight, bias: undefined });
  await runKernel(x.device, resize, { x }, { mode: "nearest", height: 2, width: 2 });
  // @ts-expect-error: both inputs are missing
  await runKernel(x.device, conv2d, {});
  // @ts-expect-error: the weight is missing
  await runKernel(x.device, conv2d, { x });
  // @ts-expect-error: no such input
  await runKernel(x.device, conv2d, { x, weight, skip: x });
  // @ts-expect-error: a weight is no tensor
  await runKernel(x.device, conv2d, { x, weight: x });
  // @ts-expect-error: no such mode
  await runKernel(x.device, resize, { x }, { mode: "bicubic", height: 2, width: 2 });
  // @ts-expect-error: no such attribute
  await runKernel(x.device, resize, { x }, { size: 2 });
  // @ts-expect-error: labels are u8 or u32
  await runKernel(x.device, argmax, { x }, { dtype: "f32" });
  const graph = new Graph();
  const input = graph.input("x", [1, 3, 4, 4], "nhwc4");
  // @ts-expect-error: the weight is missing
  graph.op("conv", conv2d, { x: input });
  // @ts-expect-error: no such mode
  graph.op("resize", resize, { x: input }, { mode: "bicubic", height: 2, width: 2 });
}
// @ts-expect-error: no such option
void loadFcn({ varaint: "fcn8s" });
// @ts-expect-error: no such network
void loadFcn({ variant: "fcn4s" });
`;
const BROWSER = `
import { loadFcn } from "fcn-webgpu";
import type { Fcn, Picture } from "fcn-webgpu";

export async function overlay(canvas: HTMLCanvasElement, weights: File): Promise<number> {
  const context = canvas.getContext("2d");
  if (!context) return 0;
  const fcn: Fcn<Picture> = await loadFcn({ weights, onProgress: ({ loaded }) => console.log(loaded) });
  const { labels } = await fcn.segment(context.getImageData(0, 0, canvas.width, canvas.height));
  return labels.length;
}
`;
const TRAIN = `
import type { TrainerOptions } from "fcn-webgpu/train";

export const gpuOf = ({ device }: TrainerOptions): GPUDevice => device.gpu;
`;
const COMMON = `
import fcn = require("fcn-webgpu/node");
export const loading: Promise<fcn.Fcn<fcn.NodePicture>> = fcn.loadFcn({ variant: "fcn16s" });
`;

const STRICT = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  noEmit: true,
  target: "ES2022",
  lib: ["ES2022", "DOM"],
  types: [],
};

const NOTHING = { code: 0, out: "", err: "" };

beforeAll(() => {
  installed().write("node.mts", NODE);
  installed().write("browser.mts", BROWSER);
  installed().write("train.mts", TRAIN);
  installed().write("common.cts", COMMON);
});

/** Writes a tsconfig.json. Returns its path. */
function writeConfig(files: readonly string[], options: object): string {
  const compilerOptions = { ...STRICT, ...options };
  return installed().write("tsconfig.json", JSON.stringify({ compilerOptions, files }));
}

describe("the declarations compile", () => {
  it("for Node and browsers, with Node's module resolution", async () => {
    const files = ["node.mts", "browser.mts", "common.cts"];
    const project = writeConfig(files, { module: "NodeNext", skipLibCheck: false });
    expect(await installed().tool("typescript", "-p", project)).toEqual(NOTHING);
  });

  it("with the module resolution of bundlers", async () => {
    const resolution = { module: "ESNext", moduleResolution: "bundler" };
    const project = writeConfig(["node.mts", "browser.mts"], { ...resolution, skipLibCheck: false });
    expect(await installed().tool("typescript", "-p", project)).toEqual(NOTHING);
  });

  it("in every recipe, with Node's types", async () => {
    const recipes = GUIDES.find(({ file }) => file === "docs/recipes.md")?.blocks ?? [];
    const code = recipes.filter(({ language }) => language === "ts");
    const files = code.map(({ line, text }) => {
      installed().write(`recipe-${line}.mts`, text);
      return `recipe-${line}.mts`;
    });
    expect(files.length).toBeGreaterThan(6);
    const types = { types: ["node"], typeRoots: [join(ROOT, "node_modules/@types")] };
    const project = writeConfig(files, { ...types, module: "NodeNext", skipLibCheck: false });
    expect(await installed().tool("typescript", "-p", project)).toEqual(NOTHING);
  });

  // attw brings a TypeScript whose DOM library has no WebGPU. Its typed arrays have no type parameter yet, hence
  // skipLibCheck.
  it("before TypeScript 6, with WebGPU's types from the package", async () => {
    const project = writeConfig(["node.mts", "browser.mts"], { module: "NodeNext", skipLibCheck: true });
    const from = join(import.meta.dirname, "../../node_modules/@arethetypeswrong/core/package.json");
    const older = (...args: string[]) => runTool("typescript", args, installed().folder, from);
    expect((await older("--version")).out).toMatch(/^Version 5\./);
    expect(await older("-p", project)).toEqual(NOTHING);
    // Alone: the types that one entry brings are there for all.
    const training = writeConfig(["train.mts"], { module: "NodeNext", skipLibCheck: true });
    expect(await older("-p", training)).toEqual(NOTHING);
  });
});
