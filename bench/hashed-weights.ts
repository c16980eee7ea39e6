/**
 * Checkpoints whose values come from an integer hash instead of training: `hashed`, `bilinear` and the rules of
 * `fill()` in make_fixtures.py, which made test/fixtures/golden, rebuilt value for value. The hash is 32-bit
 * arithmetic; every product is taken in float64 and rounded once to float32, so that the tensors equal PyTorch's to
 * the last bit.
 */

import { fnv1a } from "../src/base/hash.js";
import { elements } from "../src/kernel/shape.js";
import { RESNETS } from "../src/weights/resnet-kind.js";
import type { ResNetKind } from "../src/weights/resnet-kind.js";

export interface HashedTensor {
  readonly name: string;
  readonly shape: readonly number[];
}

/** The i-th value in [-1, 1) of the stream with this seed: the upper 24 bits of MurmurHash3's finaliser. */
export function hashedValue(seed: number, i: number): number {
  let u = (Math.imul(i, 0x9e3779b1) + seed) | 0;
  u = Math.imul(u ^ (u >>> 16), 0x85ebca6b);
  u = Math.imul(u ^ (u >>> 13), 0xc2b2ae35);
  return ((u ^ (u >>> 16)) >>> 8) * 2 ** -23 - 1;
}

/** n values in [-1, 1) that depend on the name only. */
export function hashed(name: string, n: number): Float64Array {
  const seed = fnv1a(name);
  const values = new Float64Array(n);
  for (let i = 0; i < n; i++) values[i] = hashedValue(seed, i);
  return values;
}

/** The bilinear kernel [k, k]: outer product of the taps 1 - |i - c| / f. */
export function bilinear(k: number): Float64Array {
  const f = Math.floor((k + 1) / 2);
  const c = k % 2 === 1 ? f - 1 : f - 0.5;
  const tap = (i: number): number => 1 - Math.abs(i - c) / f;
  return Float64Array.from({ length: k * k }, (_, i) => tap(Math.floor(i / k)) * tap(i % k));
}

/** A tensor is base + scale * hashed, as in fill(). The learned 2x kernels add a diagonal to that. */
function scaling(name: string, shape: readonly number[]): readonly [base: number, scale: number] {
  if (shape.length === 4) {
    if (isUpscore(name)) return [0, 0.05];
    const fanIn = elements(shape.slice(1));
    const projects = name.includes("score") || name.endsWith("classifier.4.weight");
    return [0, Math.sqrt((projects ? 3 : 6) / fanIn)];
  }
  if (name.endsWith("running_var")) return [1, 0.3];
  if (name.endsWith("running_mean") || name.endsWith("bias")) return [0, 0.1];
  // Small gains at the end of each block, so that 33 residual sums do not grow without bound.
  if (name.endsWith("bn3.weight")) return [0.2, 0.1];
  return [1, 0.2];
}

const isUpscore = (name: string): boolean => name.includes(".up2.") || name.includes(".up4.");

/** The tensor of this name in the generated checkpoint. */
export function hashedTensor(name: string, shape: readonly number[]): Float32Array<ArrayBuffer> {
  if (name.endsWith("num_batches_tracked")) throw new Error(`${name} is a counter: fill() leaves it out`);
  const n = elements(shape);
  const seed = fnv1a(name);
  const [base, scale] = scaling(name, shape);
  const data = new Float32Array(n);
  for (let i = 0; i < n; i++) data[i] = base + scale * hashedValue(seed, i);
  if (shape.length !== 4 || !isUpscore(name)) return data;
  const [outputs = 0, inputs = 0, k = 0] = shape;
  const kernel = bilinear(k);
  for (let c = 0; c < outputs; c++) {
    kernel.forEach((tap, j) => {
      const i = (c * inputs + c) * k * k + j;
      data[i] = scale * hashedValue(seed, i) + tap; // from the float64 value again: adding to data[i] would round twice
    });
  }
  return data;
}

/** The network input of a golden output: `a64` is [1, 3, 64, 64], `b97x131` is [1, 3, 97, 131]. */
export function hashedInput(tag: string, shape: readonly number[]): Float32Array {
  return Float32Array.from(hashed(`input/${tag}`, elements(shape)), (v) => 2 * v);
}

const batchNorm = (name: string, channels: number): HashedTensor[] =>
  ["weight", "bias", "running_mean", "running_var"].map((part) => ({ name: `${name}.${part}`, shape: [channels] }));

/** A convolution without bias, and the batch norm behind it. */
const normedConv = (conv: string, norm: string, shape: readonly [number, number, number, number]): HashedTensor[] => [
  { name: `${conv}.weight`, shape },
  ...batchNorm(norm, shape[0]),
];

export const projection = (name: string, inputs: number, outputs: number): HashedTensor[] => [
  { name: `${name}.weight`, shape: [outputs, inputs, 1, 1] },
  { name: `${name}.bias`, shape: [outputs] },
];

const kindOfDepth = (depth: number): ResNetKind => RESNETS.find((kind) => kind.depth === depth) as ResNetKind;

/** Convolutions of a block, in order: the kernel's side, input and output channels. */
function blockConvolutions(kind: ResNetKind, inputs: number, planes: number): [number, number, number][] {
  const basic: [number, number, number][] = [
    [3, inputs, planes],
    [3, planes, planes],
  ];
  const bottleneck: [number, number, number][] = [
    [1, inputs, planes],
    [3, planes, planes],
    [1, planes, planes * kind.expansion],
  ];
  return kind.hasBottlenecks ? bottleneck : basic;
}

/** A ResNet without its classifier, in state_dict order. */
function backbone(kind: ResNetKind, width: number): HashedTensor[] {
  const tensors = normedConv("backbone.conv1", "backbone.bn1", [width, 3, 7, 7]);
  let inputs = width;
  kind.blocks.forEach((count, stage) => {
    const planes = width * 2 ** stage;
    const outputs = planes * kind.expansion;
    for (let b = 0; b < count; b++) {
      const block = `backbone.layer${stage + 1}.${b}`;
      blockConvolutions(kind, inputs, planes).forEach(([side, from, to], i) => {
        tensors.push(...normedConv(`${block}.conv${i + 1}`, `${block}.bn${i + 1}`, [to, from, side, side]));
      });
      const shortcut = `${block}.downsample`;
      const hasShortcut = inputs !== outputs || (b === 0 && stage > 0);
      if (hasShortcut) tensors.push(...normedConv(`${shortcut}.0`, `${shortcut}.1`, [outputs, inputs, 1, 1]));
      inputs = outputs;
    }
  });
  return tensors;
}

/** State dict of make_fixtures.py's PaperFCN (names as in weights/README.md), without the batch counters. */
export function paperFcnTensors(classes = 21, width = 64, depth = 101): HashedTensor[] {
  const kind = kindOfDepth(depth);
  const base = width * kind.expansion;
  const tensors = backbone(kind, width);
  for (const variant of [32, 16, 8]) {
    const head = `fcn${variant}s`;
    tensors.push(...projection(`${head}.score32`, base * 8, classes));
    const skips = [
      ["up2", 16],
      ["up4", 8],
    ] as const;
    for (const [up, stride] of skips.filter(([, s]) => s >= variant)) {
      tensors.push(
        { name: `${head}.${up}.weight`, shape: [classes, classes, 4, 4] },
        ...projection(`${head}.score${stride}`, (base * stride) / 4, classes),
      );
    }
  }
  return tensors;
}

/** State dict of torchvision's fcn_resnet with its auxiliary head, without the batch counters. */
export function torchvisionFcnTensors(classes = 21, width = 64, depth = 101): HashedTensor[] {
  const kind = kindOfDepth(depth);
  const head = (name: string, inputs: number): HashedTensor[] => [
    ...normedConv(`${name}.0`, `${name}.1`, [inputs / 4, inputs, 3, 3]),
    ...projection(`${name}.4`, inputs / 4, classes),
  ];
  return [...backbone(kind, width), ...head("classifier", width * 32), ...head("aux_classifier", width * 16)];
}
