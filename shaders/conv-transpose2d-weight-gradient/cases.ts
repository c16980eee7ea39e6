/** Edge shapes for the tests, and the upscore steps of the FCN heads for the benchmarks. */
import type { KernelCase } from "../../src/kernel/registry.js";

type Quad = readonly [number, number, number, number];

const gradient = (name: string, x: Quad, dy: Quad, attrs: KernelCase["attrs"] = {}): KernelCase => ({
  name,
  shapes: { x, dy },
  attrs,
});

/** The upscore steps of the FCN heads: kernel 2s, stride s, padding s/2. */
const upscore = (s: number): NonNullable<KernelCase["attrs"]> => ({ kernel: 2 * s, stride: s, padding: s / 2 });
/** Their exact inverse of a stride (align_corners): kernel 2s - 1, padding s - 1. */
const aligned = (s: number): NonNullable<KernelCase["attrs"]> => ({ kernel: 2 * s - 1, stride: s, padding: s - 1 });

export const convTranspose2dWeightGradientCases: readonly KernelCase[] = [
  gradient("1x1 input, 4x4 s2 p1, dense 21", [1, 21, 1, 1], [1, 21, 2, 2], upscore(2)),
  gradient("dense 21, cropped to 9x13, 3 splits", [1, 21, 5, 7], [1, 21, 9, 13], { ...upscore(2), splits: 3 }),
  gradient("dense 21, 3x3 s2 p1, 2 splits", [1, 21, 4, 5], [1, 21, 7, 9], { ...aligned(2), splits: 2 }),
  gradient("dense 25 -> 26, batch 2, pairs, crop from an offset", [2, 25, 5, 6], [2, 26, 9, 8], {
    kernel: [5, 4],
    stride: [3, 2],
    padding: 1,
    crop_offset: [2, 3],
    splits: 4,
  }),
  gradient("dense 5 -> 3, batch 2, output padding", [2, 5, 3, 4], [2, 3, 6, 8], aligned(2)),
  gradient("dense 4 -> 17, stride 1", [1, 4, 5, 3], [1, 17, 5, 3], { kernel: 3, padding: 1 }),
  gradient("dense, stride larger than the kernel", [1, 3, 3, 2], [1, 4, 10, 7], { kernel: 2, stride: 3, splits: 2 }),
  gradient("dense 33 -> 65, 9x7", [1, 33, 9, 7], [1, 65, 17, 13], { ...aligned(2), splits: 2 }),
  gradient("1x1, 1 channel, a crop that leaves inputs out", [1, 1, 6, 6], [1, 1, 2, 3], { crop_offset: [1, 2] }),
  gradient("more splits than pixels", [1, 4, 2, 1], [1, 4, 4, 2], { ...upscore(2), splits: 5 }),
  gradient("groups 3 of 2 -> 3", [2, 6, 3, 3], [2, 9, 6, 6], { ...upscore(2), groups: 3, splits: 2 }),
  gradient("per channel 21, 16x16 s8 p4, cropped to 17x29", [1, 21, 3, 4], [1, 21, 17, 29], {
    ...upscore(8),
    groups: 21,
    splits: 2,
  }),
  gradient("per channel 5, batch 2, 5x5 s3", [2, 5, 4, 3], [2, 5, 10, 7], { ...aligned(3), groups: 5, splits: 3 }),
  {
    ...gradient("up2 of FCN-8s @512x384", [4, 21, 24, 32], [4, 21, 48, 64], { ...upscore(2), splits: 8 }),
    bench: true,
  },
  {
    ...gradient("up2 of FCN-16s @512x384", [4, 21, 12, 16], [4, 21, 24, 32], { ...upscore(2), splits: 4 }),
    bench: true,
  },
];
