/** PyTorch's references for training, in float64 (test/fixtures/training), and the networks that they train. */
import { bilinear, hashed } from "../../bench/hashed-weights.js";
import { elements } from "../../src/kernel/shape.js";
import type { Backbone } from "../../src/layers/backbone.js";
import { ownStyle } from "../../src/layers/decoder-style.js";
import type { EncoderLayer } from "../../src/layers/geometry.js";
import { FcnHead } from "../../src/models/fcn-head.js";
import type { Weight } from "../../src/kernel/weight.js";
import type { Graph } from "../../src/plan/graph.js";
import { logitsOf } from "../../src/train/last-step.js";
import type { Logits } from "../../src/train/last-step.js";
import type { OptimizerOptions } from "../../src/train/optimizer.js";
import { Parameters } from "../../src/weights/parameters.js";
import { hashedCheckpoint } from "./hashed-checkpoint.js";
import { fixture, float32File } from "./reference-maps.js";

interface CaseOptions {
  readonly lr: number;
  readonly momentum?: number;
  readonly weight_decay: number;
  readonly betas?: readonly [number, number];
  readonly eps?: number;
}

export interface HeadsCase {
  readonly name: string;
  readonly variant: 32 | 16 | 8;
  readonly loss: "mean" | "sum" | "distil";
  readonly optimiser: "sgd" | "adamw";
  readonly options: CaseOptions;
  readonly parameters: Readonly<Record<string, readonly number[]>>;
  readonly losses: readonly number[];
}

interface Manifest {
  readonly labels: { readonly valid: number };
  readonly cases: readonly HeadsCase[];
  readonly full: {
    readonly loss: number;
    readonly parameters: Readonly<Record<string, readonly number[]>>;
    readonly inputGradNorm: number;
  };
}

const folder = "test/fixtures/training";
export const manifest = JSON.parse(fixture(`${folder}/manifest.json`).toString()) as Manifest;

/** The picture of the references: 2 in a batch for heads, 1 for the whole network. */
export const SIZE = { height: 66, width: 100 } as const;
const CLASSES = 21;
const IGNORED = 255;

/** Features of a ResNet-18 of width 64 at that size. */
export const FEATURES = { 8: [2, 128, 9, 13], 16: [2, 256, 5, 7], 32: [2, 512, 3, 4] } as const;

/** [C, C, k, k] with the bilinear kernel on the diagonal. */
function bilinearDiagonal([classes = 0, , k = 0]: readonly number[]): Float32Array {
  const plane = bilinear(k);
  const data = new Float32Array(classes * classes * k * k);
  for (let c = 0; c < classes; c++) data.set(plane, (c * classes + c) * k * k);
  return data;
}

/** Values of a head's tensor: scores hashed, upscores bilinear, biases 0. */
export function headValues(name: string, shape: readonly number[], scale: number): Float32Array {
  if (name.endsWith(".bias")) return new Float32Array(elements(shape));
  if (name.includes(".up")) return bilinearDiagonal(shape);
  return Float32Array.from(hashed(name, elements(shape)), (value) => scale * value);
}

/** Features as the references have them: ReLU of hashed values. */
export const featureValues = (stride: 8 | 16 | 32): Float32Array =>
  Float32Array.from(hashed(`train/f${stride}`, elements(FEATURES[stride])), (value) => Math.max(0, value));

/** Blocks of 11 x 17 pixels of one class each. */
export function labelValues(count: number): Uint8Array {
  const { height, width } = SIZE;
  const rows = Math.ceil(height / 11);
  const columns = Math.ceil(width / 17);
  const blocks = hashed("train/labels", count * rows * columns);
  const labels = new Uint8Array(count * height * width);
  for (let n = 0, at = 0; n < count; n++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, at++) {
        const block = (n * rows + Math.floor(y / 11)) * columns + Math.floor(x / 17);
        const label = Math.floor((((blocks[block] as number) + 1) / 2) * (CLASSES + 2));
        labels[at] = label < CLASSES ? label : IGNORED;
      }
    }
  }
  return labels;
}

/** softmax(3 * hashed) [2, 21, 66, 100] */
export function teacherValues(): Float32Array {
  const plane = SIZE.height * SIZE.width;
  const scores = hashed("train/teacher", 2 * CLASSES * plane).map((value) => Math.exp(3 * value));
  const result = new Float32Array(scores.length);
  for (let n = 0; n < 2; n++) {
    for (let pixel = 0; pixel < plane; pixel++) {
      const at = (c: number): number => (n * CLASSES + c) * plane + pixel;
      let sum = 0;
      for (let c = 0; c < CLASSES; c++) sum += scores[at(c)] as number;
      for (let c = 0; c < CLASSES; c++) result[at(c)] = (scores[at(c)] as number) / sum;
    }
  }
  return result;
}

/** The weights of a graph by name. */
export function weightsOf(graph: Graph): Map<string, Weight> {
  const weights = graph.nodes.flatMap((node) => Object.values(node.weights));
  return new Map(weights.map((weight) => [weight.name, weight]));
}

/** Strides 2 of a ResNet: where cells lie follows from these windows. */
const ENCODER: readonly EncoderLayer[] = [7, 3, 3, 3, 3].map((kernel) => ({
  kernel,
  stride: 2,
  padding: (kernel - 1) / 2,
  dilation: 1,
}));

const heads = new Map<string, FcnHead>();

/** The head of a case: always the same object, because a training knows its weights by their identity. */
function headNamed({ name, variant, parameters }: HeadsCase): FcnHead {
  const known = heads.get(name);
  if (known) return known;
  const network = `fcn${variant}s` as const;
  const specs = Object.entries(parameters).map(([tensor, shape]) => ({ name: `${network}.${tensor}`, shape }));
  const checkpoint = hashedCheckpoint(specs, (tensor, shape) => headValues(tensor, shape, 0.05));
  const backbone = { channelsAt: (stride: 8 | 16 | 32) => FEATURES[stride][1], encoder: ENCODER } as Backbone;
  const style = ownStyle(new Map());
  const head = new FcnHead(Parameters.of(checkpoint), { variant: network, backbone, style });
  heads.set(name, head);
  return head;
}

/** The head of a case, from inputs "f8", "f16" and "f32" of `count` pictures to logits. */
export function headOf(test: HeadsCase, count = 2): (graph: Graph) => Logits {
  const head = headNamed(test);
  return (graph) => {
    const strides = ([8, 16, 32] as const).filter((stride) => stride >= test.variant);
    const maps = strides.map((stride) => {
      const [, ...feature] = FEATURES[stride];
      return [stride, graph.input(`f${stride}`, [count, ...feature], "nhwc4")] as const;
    });
    return logitsOf(graph, head, new Map(maps), [SIZE.height, SIZE.width]);
  };
}

export function optimizerOptions({ optimiser, options }: HeadsCase): OptimizerOptions {
  const weightDecay = options.weight_decay;
  if (optimiser === "sgd") return { kind: "sgd", momentum: options.momentum ?? 0, weightDecay };
  const [beta1 = 0, beta2 = 0] = options.betas ?? [];
  return { kind: "adamw", beta1, beta2, eps: options.eps ?? 0, weightDecay };
}

/** The values of a file by the names of its parameters, which lie one after the other. */
export function parameterFile(
  file: string,
  parameters: Readonly<Record<string, readonly number[]>>,
): Map<string, Float32Array> {
  const all = float32File(`${folder}/${file}`);
  const found = new Map<string, Float32Array>();
  let at = 0;
  for (const [name, shape] of Object.entries(parameters)) {
    const count = elements(shape);
    found.set(name, all.subarray(at, at + count));
    at += count;
  }
  found.set("", all.subarray(at)); // what follows the parameters
  return found;
}
