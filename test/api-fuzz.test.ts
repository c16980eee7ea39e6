/**
 * Wrong arguments to the public API: every call gives its result or an FcnError, never another error, and the process
 * and the model go on. FCN_FUZZ=10 tries ten times as many.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { conv2d } from "../shaders/conv2d/kernel.js";
import { softmax } from "../shaders/softmax/kernel.js";
import { decodeLabelPng, encodeGreyPng } from "../src/image/png.js";
import * as api from "../src/node.js";
import { useDevice } from "./helpers/device.js";
import { hashedFile } from "./helpers/hashed-checkpoint.js";
import { torchvisionFcnTensors } from "../bench/hashed-weights.js";
import { failuresOf } from "./helpers/wrong-arguments.js";
import type { ApiCall } from "./helpers/wrong-arguments.js";

type Run<T> = (...given: never[]) => Promise<T>;

const FACTOR = Number(process.env["FCN_FUZZ"] ?? 1);
const SEED = 20260701;

const device = useDevice();
let fcn: api.Fcn<api.NodePicture>;
let comparison: api.Comparison;
let set: api.ComparisonSet;
let checkpoint: api.Checkpoint;
let x: api.Tensor;
let weights: Uint8Array;

const picture = (): api.Picture => ({ width: 8, height: 8, data: new Uint8Array(256), channels: 4 });
const labels = (): Uint8Array => new Uint8Array(64);
const weight = () => ({ shape: [4, 4, 1, 1], data: new Float32Array(16) });

beforeAll(async () => {
  fcn = await api.loadFcn({ device: device(), variant: "fcn32s", resize: "none" });
  checkpoint = await api.openCheckpoint(await api.openSource(api.defaultCheckpointUrl()));
  comparison = new api.Comparison(device(), checkpoint);
  set = await api.ComparisonSet.open(device(), [checkpoint], { variants: ["fcn8s"] });
  x = await api.Tensor.from(device(), [1, 2, 3, 4], [1, 4, 1, 1]);
  weights = await hashedFile(torchvisionFcnTensors(3, 4));
});
afterAll(async () => {
  fcn.dispose();
  comparison.dispose();
  set.dispose();
  await checkpoint.close();
});

const closed = <T extends { dispose(): void }>(made: T): void => made.dispose();

const LOADING: readonly ApiCall[] = [
  {
    name: "loadFcn",
    args: () => [
      {
        device: device(),
        weights,
        variant: "fcn-resnet101",
        heads: "init",
        classNames: ["a", "b", "c"],
        preprocessing: { mean: [0, 0, 0], std: [1, 1, 1] },
        kernels: { conv2d: "naive" },
        maxPlans: 2,
        precision: "f32",
        tune: false,
        resize: 61,
        sha256: "00",
        recover: "manual",
        cache: false,
      },
    ],
    call: async (options: never) => closed(await api.loadFcn(options)),
  },
  {
    name: "requestDevice",
    args: () => [{ adapter: "llvm", quietWait: true, powerPreference: "low-power" }],
    call: async (options: never) => closed(await api.requestDevice(options)),
  },
  {
    name: "openSource",
    args: () => [weights, { cache: false, onProgress: () => undefined }],
    call: async (from: never, options: never) => (await api.openSource(from, options)).close(),
  },
  {
    name: "openCheckpoint",
    args: () => [
      { name: "n", size: 8, read: () => Promise.resolve(new Uint8Array(8)), close: () => Promise.resolve() },
    ],
    call: (source: never) => api.openCheckpoint(source),
  },
  { name: "fileSource", args: () => ["README.md"], call: async (p: never) => (await api.fileSource(p)).close() },
  { name: "recognise", args: () => [{ name: "n", tensors: new Map() }], call: (c: never) => api.recognise(c) },
  { name: "readPicture", args: () => ["samples/bird.png"], call: (image: never) => api.readPicture(image) },
];

const MODEL: readonly ApiCall[] = [
  { name: "segment", args: () => [picture(), {}], call: (p: never, o: never) => fcn.segment(p, o) },
  { name: "logits", args: () => [picture(), { aux: false }], call: (p: never, o: never) => fcn.logits(p, o) },
  { name: "probabilities", args: () => [picture(), {}], call: (p: never, o: never) => fcn.probabilities(p, o) },
  { name: "profile", args: () => [picture(), {}], call: (p: never, o: never) => fcn.profile(p, o) },
  {
    name: "segmentBatch",
    args: () => [[picture(), picture()], {}],
    call: (p: never, o: never) => fcn.segmentBatch(p, o),
  },
  {
    name: "segmentAll",
    args: () => [[picture()], { inFlight: 2 }],
    call: async (p: never, o: never) => {
      for await (const result of fcn.segmentAll(p, o)) expect(result.width).toBe(8);
    },
  },
  { name: "warmup", args: () => [8, 8, {}], call: (h: never, w: never, o: never) => fcn.warmup(h, w, o) },
  { name: "recover", args: () => [device()], call: (d: never) => fcn.recover(d) },
  { name: "onLost", args: () => [() => undefined], call: (l: never) => fcn.onLost(l)() },
  {
    name: "new Comparison",
    args: () => [
      device(),
      checkpoint,
      {
        variants: ["fcn8s"],
        preprocessing: { mean: [0, 0, 0], std: [1, 1, 1] },
        kernels: { conv2d: "naive" },
        precision: "f32",
        maxPlans: 1,
      },
    ],
    call: (d: never, c: never, o: never) => closed(new api.Comparison(d, c, o)),
  },
  {
    name: "Comparison.run",
    args: () => [picture(), { scores: true }],
    call: (p: never, o: never) => comparison.run(p, o),
  },
  {
    name: "Comparison.measure",
    args: () => [["fcn8s"], 8, 8],
    call: (v: never, h: never, w: never) => comparison.measure(v, h, w, 1),
  },
  {
    name: "ComparisonSet.open",
    args: () => [
      device(),
      [checkpoint, { checkpoint, name: "b", variants: ["fcn8s"], preprocessing: { mean: [0, 0, 0], std: [1, 1, 1] } }],
      { variants: ["fcn8s"], kernels: { conv2d: "naive" }, precision: "f32", maxPlans: 1 },
    ],
    call: async (d: never, c: never, o: never) => closed(await api.ComparisonSet.open(d, c, o)),
  },
  { name: "ComparisonSet.run", args: () => [picture(), {}], call: (p: never, o: never) => set.run(p, o) },
  {
    name: "ComparisonSet.measure",
    args: () => [["fcn8s"], 8, 8],
    call: (v: never, h: never, w: never) => set.measure(v, h, w, 1),
  },
];

const KERNELS: readonly ApiCall[] = [
  {
    name: "Tensor.from",
    args: () => [device(), [1, 2, 3, 4], [1, 4, 1, 1], { dtype: "f32", layout: "nhwc4", label: "t" }],
    call: async (...given: never[]) => closed(await (api.Tensor.from as Run<api.Tensor>)(...given)),
  },
  {
    name: "Tensor.empty",
    args: () => [device(), [1, 4, 1, 1], { dtype: "f32" }],
    call: async (...given: never[]) => closed(await (api.Tensor.empty as Run<api.Tensor>)(...given)),
  },
  {
    name: "runKernel softmax",
    args: () => [device(), softmax, { x }, {}, { variant: "naive" }],
    call: async (...given: never[]) => closed((await (api.runKernel as unknown as Run<{ y: api.Tensor }>)(...given)).y),
  },
  {
    name: "runKernel conv2d",
    args: () => [device(), conv2d, { x, weight: weight() }, { stride: [1, 1], padding: 0, groups: 1 }, {}],
    call: async (...given: never[]) => closed((await (api.runKernel as unknown as Run<{ y: api.Tensor }>)(...given)).y),
  },
  {
    name: "convOutputSize",
    args: () => [8, { kernel: 3, stride: 1, padding: 0, dilation: 1 }],
    call: (i: never, w: never) => api.convOutputSize(i, w),
  },
  {
    name: "convTransposeOutputSize",
    args: () => [8, { kernel: 3, stride: 2, outputPadding: 1 }],
    call: (i: never, w: never) => api.convTransposeOutputSize(i, w),
  },
];

const PICTURES: readonly ApiCall[] = [
  { name: "shrink", args: () => [picture(), 4, 4], call: (p: never, h: never, w: never) => api.shrink(p, h, w) },
  { name: "labelPng", args: () => [labels(), 8, 8], call: (l: never, w: never, h: never) => api.labelPng(l, w, h) },
  {
    name: "encodeLabelPng",
    args: () => [labels(), 8, 8],
    call: (l: never, w: never, h: never) => api.encodeLabelPng(l, w, h),
  },
  {
    name: "encodeGreyPng",
    args: () => [labels(), 8, 8],
    call: (l: never, w: never, h: never) => encodeGreyPng(l, w, h),
  },
  { name: "encodePng", args: () => [picture()], call: (p: never) => api.encodePng(p) },
  { name: "decodePng", args: () => [api.encodePng(picture()), "n"], call: (b: never, n: never) => api.decodePng(b, n) },
  {
    name: "decodeLabelPng",
    args: () => [api.encodeLabelPng(labels(), 8, 8), "n"],
    call: (b: never, n: never) => decodeLabelPng(b, n),
  },
];

describe.each([
  ["loading", LOADING, 250],
  ["models", MODEL, 300],
  ["kernels", KERNELS, 400],
  ["pictures", PICTURES, 300],
] as const)("wrong arguments: %s", (_, calls, count) => {
  it.each(calls)("$name", async (call) => expect(await failuresOf(call, count * FACTOR, SEED)).toEqual([]));
});

it("the model works afterwards", async () => {
  expect((await fcn.segment(picture())).labels).toHaveLength(64);
});
