/** Edge shapes for the tests, and layers of ResNet and MobileNetV2 for the benchmarks. */
import type { KernelCase } from "../../src/kernel/registry.js";

type Quad = readonly [number, number, number, number];

/** A case from the shapes of the forward pass: x, y and weight. */
function gradient(name: string, x: Quad, y: Quad, weight: Quad, attrs: KernelCase["attrs"] = {}): KernelCase {
  return { name, shapes: { dy: y, weight }, attrs: { ...attrs, height: x[2], width: x[3] } };
}

const masked = (test: KernelCase, channels: number): KernelCase => {
  const { height, width } = test.attrs as { readonly height: number; readonly width: number };
  const batch = test.shapes.dy?.[0] as number;
  return { ...test, shapes: { ...test.shapes, mask: [batch, channels, height, width] } };
};

const withResidual = (test: KernelCase, channels: number): KernelCase => {
  const { height, width } = test.attrs as { readonly height: number; readonly width: number };
  const batch = test.shapes.dy?.[0] as number;
  return { ...test, shapes: { ...test.shapes, residual: [batch, channels, height, width] } };
};

const bench = (test: KernelCase): KernelCase => ({ ...test, bench: true });

export const conv2dInputGradientCases: readonly KernelCase[] = [
  gradient("1x1 on one pixel", [1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1]),
  gradient("one pixel, 3x3 p1", [1, 5, 1, 1], [1, 6, 1, 1], [6, 5, 3, 3], { padding: 1 }),
  ...[1, 3, 4, 5, 15, 16, 17].map((c) =>
    gradient(`3x3 p1, ${c} -> ${c + 1} channels, 7x11`, [1, c, 7, 11], [1, c + 1, 7, 11], [c + 1, c, 3, 3], {
      padding: 1,
    }),
  ),
  ...[31, 32, 33, 64, 65].map((c) => gradient(`1x1, ${c} channels, 9x7`, [1, c, 9, 7], [1, c, 9, 7], [c, c, 1, 1])),
  ...[31, 64, 65].map((w) => gradient(`1x1 on ${w} pixels`, [1, 20, 1, w], [1, 40, 1, w], [40, 20, 1, 1])),
  gradient("1x1 s2, batch 2: half of the pixels are not read", [2, 8, 13, 17], [2, 12, 7, 9], [12, 8, 1, 1], {
    stride: 2,
  }),
  gradient("3x3 s2 p1, even size: the last row is read once", [1, 6, 8, 10], [1, 7, 4, 5], [7, 6, 3, 3], {
    stride: 2,
    padding: 1,
  }),
  gradient("2x2 s3: rows between the windows", [1, 5, 10, 8], [1, 3, 3, 3], [3, 5, 2, 2], { stride: 3 }),
  gradient("stem 7x7 s2 p3, 3 -> 16, 31x37", [1, 3, 31, 37], [1, 16, 16, 19], [16, 3, 7, 7], {
    stride: 2,
    padding: 3,
  }),
  gradient("dilation 2", [1, 7, 11, 13], [1, 9, 11, 13], [9, 7, 3, 3], { padding: 2, dilation: 2 }),
  gradient("stride 2 with dilation 3", [1, 5, 19, 23], [1, 6, 10, 12], [6, 5, 3, 3], {
    stride: 2,
    padding: 3,
    dilation: 3,
  }),
  gradient("1x5 kernel, pairs", [1, 3, 9, 14], [1, 5, 5, 5], [5, 3, 1, 5], { stride: [2, 3], padding: [0, 2] }),
  gradient("4x2 kernel, no padding, batch 2", [2, 3, 5, 6], [2, 4, 2, 5], [4, 3, 4, 2]),
  gradient("padding larger than the kernel", [1, 2, 3, 3], [1, 3, 7, 7], [3, 2, 1, 1], { padding: 2 }),
  masked(gradient("a mask", [2, 13, 5, 7], [2, 8, 5, 7], [8, 13, 1, 1]), 13),
  withResidual(gradient("a residual", [1, 6, 6, 5], [1, 4, 6, 5], [4, 6, 3, 3], { padding: 1 }), 6),
  withResidual(
    masked(
      gradient("mask and residual, 36 -> 34 channels, batch 3, s2", [3, 36, 9, 7], [3, 34, 5, 4], [34, 36, 3, 3], {
        stride: 2,
        padding: 1,
      }),
      36,
    ),
    36,
  ),
  {
    ...masked(gradient("a mask of zeros of both signs", [1, 4, 2, 2], [1, 4, 2, 2], [4, 4, 1, 1]), 4),
    fill: { mask: (i) => [0, -0, 1e-30, -1][i % 4] as number },
  },
  bench(masked(gradient("layer1 1x1 64 -> 256 @56", [1, 64, 56, 56], [1, 256, 56, 56], [256, 64, 1, 1]), 64)),
  bench(gradient("layer3 1x1 1024 -> 256 @14", [1, 1024, 14, 14], [1, 256, 14, 14], [256, 1024, 1, 1])),
  bench(gradient("mobilenet 1x1 96 -> 576 @24x32", [4, 96, 24, 32], [4, 576, 24, 32], [576, 96, 1, 1])),
  bench(masked(gradient("layer1 3x3 64 @56", [1, 64, 56, 56], [1, 64, 56, 56], [64, 64, 3, 3], { padding: 1 }), 64)),
  bench(
    gradient("layer2 3x3 s2 128 @56", [1, 128, 56, 56], [1, 128, 28, 28], [128, 128, 3, 3], {
      stride: 2,
      padding: 1,
    }),
  ),
  bench(
    gradient("dilated layer3 3x3 d2 256 @28", [1, 256, 28, 28], [1, 256, 28, 28], [256, 256, 3, 3], {
      padding: 2,
      dilation: 2,
    }),
  ),
];
