/** Encoders as chains of layers, and what the decoder's steps make of a size. */
import { convTransposeOutputSize } from "../../src/kernel/shape.js";
import type { Alignment, EncoderLayer, UpsampleStep } from "../../src/layers/geometry.js";

export const DECODERS = ["fcn32s", "fcn16s", "fcn8s"] as const;
export type Decoder = (typeof DECODERS)[number];
export const ALIGNMENTS: readonly Alignment[] = ["pad", "aligned"];

export const conv = (kernel: number, stride = 1, padding = (kernel - 1) / 2): EncoderLayer => ({
  kernel,
  stride,
  padding,
  dilation: 1,
});

/** Every layer of ResNet-101, with the stride on the 3x3 convolution. */
export const RESNET: readonly EncoderLayer[] = [
  conv(7, 2),
  conv(3, 2),
  ...[3, 4, 23, 3].flatMap((count, stage) =>
    Array.from({ length: count }, (_, b) => [conv(1), conv(3, stage > 0 && b === 0 ? 2 : 1), conv(1)]).flat(),
  ),
];

/** VGG16's convolutions and pools. */
export function vgg(pool: EncoderLayer, firstPadding = 1): EncoderLayer[] {
  const stages = [2, 2, 3, 3, 3].flatMap((count) => [...Array.from({ length: count }, () => conv(3)), pool]);
  return [conv(3, 1, firstPadding), ...stages.slice(1)];
}
export const VGG = vgg({ ...conv(2, 2, 0), ceilMode: true });

/** The size after the steps, from the map of stride `from`. Undefined where a crop would reach outside of its map. */
export function decodedSize(
  steps: readonly UpsampleStep[],
  sizes: ReadonlyMap<number, number>,
  from: number,
  edge: "top" | "left",
): number | undefined {
  let size = sizes.get(from) ?? NaN;
  for (const step of steps) {
    const target = sizes.get(step.to) ?? NaN;
    const left = convTransposeOutputSize(size, step) - step.crop[edge] - target;
    if (step.crop[edge] < 0 || !(left >= 0)) return undefined;
    size = target;
  }
  return size;
}
