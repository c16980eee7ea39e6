/** Edge shapes for the tests, and the upscore steps of the FCN heads for the benchmarks. */
import type { KernelCase } from "../../src/kernel/registry.js";

type Quad = readonly [number, number, number, number];

const gradient = (name: string, x: Quad, dy: Quad, weight: Quad, attrs: KernelCase["attrs"] = {}): KernelCase => ({
  name,
  shapes: { dy, weight },
  attrs: { ...attrs, height: x[2], width: x[3] },
});

const bench = (test: KernelCase): KernelCase => ({ ...test, bench: true });

/** The upscore steps of the FCN heads: kernel 2s, stride s, padding s/2. */
const upscore = (s: number): NonNullable<KernelCase["attrs"]> => ({ stride: s, padding: s / 2 });
/** Their exact inverse of a stride (align_corners): kernel 2s - 1, padding s - 1. */
const aligned = (s: number): NonNullable<KernelCase["attrs"]> => ({ stride: s, padding: s - 1 });

export const convTranspose2dInputGradientCases: readonly KernelCase[] = [
  gradient("1x1 input, 4x4 s2 p1, dense 21", [1, 21, 1, 1], [1, 21, 2, 2], [21, 21, 4, 4], upscore(2)),
  gradient("dense 21, 4x4 s2 p1, cropped to 9x13", [1, 21, 5, 7], [1, 21, 9, 13], [21, 21, 4, 4], upscore(2)),
  gradient("dense 21, 3x3 s2 p1", [1, 21, 4, 5], [1, 21, 7, 9], [21, 21, 3, 3], aligned(2)),
  gradient("dense 25 -> 26, batch 2, pairs, crop from an offset", [2, 25, 5, 6], [2, 26, 9, 8], [25, 26, 5, 4], {
    stride: [3, 2],
    padding: 1,
    crop_offset: [2, 3],
  }),
  gradient("dense 5 -> 3, batch 2, output padding", [2, 5, 3, 4], [2, 3, 6, 8], [5, 3, 3, 3], aligned(2)),
  gradient("dense 4 -> 17, stride 1", [1, 4, 5, 3], [1, 17, 5, 3], [4, 17, 3, 3], { padding: 1 }),
  gradient("dense, stride larger than the kernel", [1, 3, 3, 2], [1, 4, 10, 7], [3, 4, 2, 2], { stride: 3 }),
  gradient("1x1, 1 channel, a crop that leaves inputs without a gradient", [1, 1, 6, 6], [1, 1, 2, 3], [1, 1, 1, 1], {
    crop_offset: [1, 2],
  }),
  gradient("groups 3 of 2 -> 3", [2, 6, 3, 3], [2, 9, 6, 6], [6, 3, 4, 4], { ...upscore(2), groups: 3 }),
  gradient("per channel 21, 16x16 s8 p4, cropped to 17x29", [1, 21, 3, 4], [1, 21, 17, 29], [21, 1, 16, 16], {
    ...upscore(8),
    groups: 21,
  }),
  gradient("per channel 5, batch 2, 63x63 s32, cropped to 31x1", [2, 5, 1, 1], [2, 5, 31, 1], [5, 1, 63, 63], {
    ...aligned(32),
    groups: 5,
  }),
  gradient("per channel 6, 15x15 s8 p7, batch 2", [2, 6, 4, 3], [2, 6, 25, 17], [6, 1, 15, 15], {
    ...aligned(8),
    groups: 6,
  }),
  gradient("per channel, crop from an offset", [1, 4, 3, 3], [1, 4, 7, 9], [4, 1, 8, 8], {
    stride: 4,
    groups: 4,
    crop_offset: [3, 4],
  }),
  gradient("per channel 1, 2x3 kernel, pairs", [3, 1, 5, 4], [3, 1, 11, 9], [1, 1, 2, 3], {
    stride: [3, 2],
    groups: 1,
  }),
  bench(gradient("up2 of FCN-8s @512x384, dense", [1, 21, 24, 32], [1, 21, 48, 64], [21, 21, 4, 4], upscore(2))),
  bench(
    gradient("upscore32 @512x384, bilinear", [1, 21, 13, 17], [1, 21, 384, 512], [21, 1, 63, 63], {
      ...aligned(32),
      groups: 21,
    }),
  ),
  bench(
    gradient("upscore16 @512x384, bilinear", [1, 21, 25, 33], [1, 21, 384, 512], [21, 1, 31, 31], {
      ...aligned(16),
      groups: 21,
    }),
  ),
  bench(
    gradient("upscore8 @512x384, bilinear", [1, 21, 49, 65], [1, 21, 384, 512], [21, 1, 15, 15], {
      ...aligned(8),
      groups: 21,
    }),
  ),
];
