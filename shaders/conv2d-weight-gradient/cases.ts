/** Edge shapes for the tests, and layers of ResNet and MobileNetV2 for the benchmarks. */
import type { KernelCase } from "../../src/kernel/registry.js";

type Quad = readonly [number, number, number, number];

/** Names, x, dy and attributes. */
const gradient = (name: string, x: Quad, dy: Quad, attrs: KernelCase["attrs"] = {}): KernelCase => ({
  name,
  shapes: { x, dy },
  attrs,
});

const bench = (name: string, x: Quad, dy: Quad, attrs: KernelCase["attrs"] = {}): KernelCase => ({
  ...gradient(name, x, dy, attrs),
  bench: true,
});

export const conv2dWeightGradientCases: readonly KernelCase[] = [
  gradient("1x1 on one pixel", [1, 1, 1, 1], [1, 1, 1, 1]),
  gradient("one pixel, 3x3 p1: eight of nine taps outside", [1, 5, 1, 1], [1, 6, 1, 1], { kernel: 3, padding: 1 }),
  ...[1, 3, 4, 5, 15, 16, 17].map((c) =>
    gradient(`3x3 p1, ${c} -> ${c + 1} channels, 7x11, 2 splits`, [1, c, 7, 11], [1, c + 1, 7, 11], {
      kernel: 3,
      padding: 1,
      splits: 2,
    }),
  ),
  ...[31, 32, 33, 64, 65].map((c) =>
    gradient(`1x1, ${c} channels, 9x7, 3 splits`, [1, c, 9, 7], [1, c, 9, 7], { splits: 3 }),
  ),
  ...[31, 64, 65, 129].map((w) =>
    gradient(`1x1 on ${w} pixels, 4 splits`, [1, 20, 1, w], [1, 40, 1, w], { splits: 4 }),
  ),
  gradient("1x1 s2, batch 2: half of the pixels are not read", [2, 8, 13, 17], [2, 12, 7, 9], {
    stride: 2,
    splits: 5,
  }),
  gradient("3x3 s2 p1, batch 3, even size", [3, 6, 8, 10], [3, 7, 4, 5], { kernel: 3, stride: 2, padding: 1 }),
  gradient("2x2 s3: rows between the windows", [1, 5, 10, 8], [1, 3, 3, 3], { kernel: 2, stride: 3, splits: 2 }),
  gradient("stem 7x7 s2 p3, 3 -> 16, 31x37", [1, 3, 31, 37], [1, 16, 16, 19], {
    kernel: 7,
    stride: 2,
    padding: 3,
    splits: 4,
  }),
  gradient("dilation 2", [1, 7, 11, 13], [1, 9, 11, 13], { kernel: 3, padding: 2, dilation: 2 }),
  gradient("stride 2 with dilation 3", [1, 5, 19, 23], [1, 6, 10, 12], {
    kernel: 3,
    stride: 2,
    padding: 3,
    dilation: 3,
    splits: 2,
  }),
  gradient("1x5 kernel, pairs", [1, 3, 9, 14], [1, 5, 5, 5], { kernel: [1, 5], stride: [2, 3], padding: [0, 2] }),
  gradient("4x2 kernel, no padding, batch 2", [2, 3, 5, 6], [2, 4, 2, 5], { kernel: [4, 2], splits: 3 }),
  gradient("padding larger than the kernel", [1, 2, 3, 3], [1, 3, 7, 7], { padding: 2 }),
  gradient("more splits than pixels", [1, 6, 2, 2], [1, 5, 2, 2], { splits: 7 }),
  gradient("an odd number of values", [1, 3, 5, 5], [1, 1, 5, 5], { kernel: 3, padding: 1, splits: 3 }),
  bench("layer1 1x1 64 -> 256 @56", [1, 64, 56, 56], [1, 256, 56, 56], { splits: 14 }),
  bench("layer3 1x1 1024 -> 256 @14", [1, 1024, 14, 14], [1, 256, 14, 14]),
  bench("mobilenet 1x1 96 -> 576 @24x32", [4, 96, 24, 32], [4, 576, 24, 32], { splits: 12 }),
  bench("layer1 3x3 64 @56", [1, 64, 56, 56], [1, 64, 56, 56], { kernel: 3, padding: 1, splits: 14 }),
  bench("layer2 3x3 s2 128 @56", [1, 128, 56, 56], [1, 128, 28, 28], {
    kernel: 3,
    stride: 2,
    padding: 1,
    splits: 4,
  }),
  bench("score 1x1 320 -> 21 @24x32", [4, 320, 24, 32], [4, 21, 24, 32], { splits: 12 }),
];
