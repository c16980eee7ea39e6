/**
 * The FCN paper's VGG-16 networks with generated weights, value for value as make_networks.py has them, which made
 * test/fixtures/networks/vgg16.*.
 */
import { fnv1a } from "../src/base/hash.js";
import { elements } from "../src/kernel/shape.js";
import { bilinear, hashedValue, projection } from "./hashed-weights.js";
import type { HashedTensor } from "./hashed-weights.js";

const CONVOLUTIONS = [2, 2, 3, 3, 3] as const;
const MOST_WIDENING = 8;
const CLASSIFIER_WIDENING = 64;

const biasedConv = (name: string, shape: readonly [number, number, number, number]): HashedTensor[] => [
  { name: `${name}.weight`, shape },
  { name: `${name}.bias`, shape: [shape[0]] },
];

/** VGG-16's convolutions, with fc6 and fc7, under pytorch-fcn's names. `width` are the channels of the first. */
export function vggBackbone(width = 64): HashedTensor[] {
  let inputs = 3;
  const stages = CONVOLUTIONS.flatMap((count, stage) => {
    const outputs = width * Math.min(2 ** stage, MOST_WIDENING);
    return Array.from({ length: count }, (_, i) => {
      const tensors = biasedConv(`conv${stage + 1}_${i + 1}`, [outputs, inputs, 3, 3]);
      inputs = outputs;
      return tensors;
    }).flat();
  });
  const classifier = width * CLASSIFIER_WIDENING;
  return [
    ...stages,
    ...biasedConv("fc6", [classifier, inputs, 7, 7]),
    ...biasedConv("fc7", [classifier, classifier, 1, 1]),
  ];
}

/** The transposed convolutions of each network, with their kernels' sides. */
const UPSCORES = {
  fcn32s: { upscore: 64 },
  fcn16s: { upscore2: 4, upscore16: 32 },
  fcn8s: { upscore2: 4, upscore8: 16, upscore_pool4: 4 },
} as const;
type VggVariant = keyof typeof UPSCORES;
const VARIANTS = Object.keys(UPSCORES) as VggVariant[];

/** The heads of these networks under pytorch-fcn's names: each of its files has one, the fixtures' all three. */
export function vggHeads(variants: readonly VggVariant[] = VARIANTS, classes = 21, width = 64): HashedTensor[] {
  const has = (...some: VggVariant[]): boolean => some.some((variant) => variants.includes(variant));
  const upscores = new Map(variants.flatMap((variant) => Object.entries(UPSCORES[variant])));
  return [
    ...projection("score_fr", width * CLASSIFIER_WIDENING, classes),
    ...(has("fcn8s") ? projection("score_pool3", width * 4, classes) : []),
    ...(has("fcn8s", "fcn16s") ? projection("score_pool4", width * 8, classes) : []),
    ...[...upscores].map(([name, side]) => ({ name: `${name}.weight`, shape: [classes, classes, side, side] })),
  ];
}

/** State dict of make_networks.py's Vgg: one backbone and the heads of all three networks. */
export const vggTensors = (classes = 21, width = 64): HashedTensor[] => [
  ...vggBackbone(width),
  ...vggHeads(VARIANTS, classes, width),
];

function scaleOf(name: string, shape: readonly number[]): number {
  if (name.endsWith("bias")) return 0.1;
  if (name.startsWith("upscore")) return 0.01;
  return Math.sqrt((name.includes("score") ? 3 : 6) / elements(shape.slice(1)));
}

/** The tensor of this name in the generated checkpoint. */
export function hashedVggTensor(name: string, shape: readonly number[]): Float32Array<ArrayBuffer> {
  return hashedVggSlices(name, shape, 0, shape[0] ?? 1);
}

/** `count` slices of its first axis, from `first` on. */
export function hashedVggSlices(
  name: string,
  shape: readonly number[],
  first: number,
  count: number,
): Float32Array<ArrayBuffer> {
  const seed = fnv1a(`vgg16/${name}`);
  const scale = scaleOf(name, shape);
  const slice = elements(shape.slice(1));
  const data = new Float32Array(count * slice);
  const start = first * slice;
  for (let i = 0; i < data.length; i++) data[i] = scale * hashedValue(seed, start + i);
  if (!name.startsWith("upscore")) return data;
  const [, inputs = 0, side = 0] = shape;
  const kernel = bilinear(side);
  for (let c = first; c < first + count; c++) {
    kernel.forEach((tap, j) => {
      const i = (c * inputs + c) * kernel.length + j;
      data[i - start] = scale * hashedValue(seed, i) + tap; // adding to the rounded value would round twice
    });
  }
  return data;
}
