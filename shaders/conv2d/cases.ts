/** Edge shapes for the tests, and the layers of ResNet-101 at 224x224 for the benchmarks. */
import type { HostTensor, KernelCase } from "../../src/kernel/registry.js";
import { LARGEST } from "../../src/kernel/shape.js";

const bench = (name: string, x: number[], weight: number[], attrs: KernelCase["attrs"]): KernelCase => ({
  name,
  shapes: { x, weight, bias: [weight[0] as number] },
  attrs: { relu: true, ...attrs },
  bench: true,
});

const withResidual = (test: KernelCase): KernelCase => {
  const { x, weight } = test.shapes as { readonly x: readonly number[]; readonly weight: readonly number[] };
  return { ...test, shapes: { ...test.shapes, residual: [x[0] as number, weight[0] as number, ...x.slice(2)] } };
};

/** Rows and columns of a matrix product that are compared with the reference. */
const SAMPLES = 48;

/** `count` indices spread evenly over 0 .. size - 1. */
const spread = (size: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * size) / count));

/**
 * A product of two matrices of `side` x `side`, as a pointwise convolution: the usual measure of a GPU. `side` must be
 * a square number, because the pixels form a square picture.
 */
export function matrixProduct(side: number): KernelCase {
  const edge = Math.sqrt(side);
  const samples = spread(side, Math.min(SAMPLES, side));
  return {
    name: `matrix product ${side}^3`,
    shapes: { x: [1, side, edge, edge], weight: [side, side, 1, 1] },
    part({ x, weight }) {
      const pixels = (x as HostTensor).data;
      const weights = (weight as HostTensor).data;
      const sampledPixels = new Float32Array(side * samples.length);
      const sampledWeights = new Float32Array(samples.length * side);
      for (let inC = 0; inC < side; inC++) {
        samples.forEach((sample, i) => {
          sampledPixels[inC * samples.length + i] = pixels[inC * side + sample] as number;
          sampledWeights[i * side + inC] = weights[sample * side + inC] as number;
        });
      }
      const inputs = {
        x: { shape: [1, side, 1, samples.length], data: sampledPixels },
        weight: { shape: [samples.length, side, 1, 1], data: sampledWeights },
      };
      return { inputs, places: { y: samples.flatMap((channel) => samples.map((pixel) => channel * side + pixel)) } };
    },
  };
}

/** Channel counts on both sides of the vec4 edge, at an odd picture size. */
const channels: KernelCase[] = [1, 3, 4, 5, 15, 16, 17].map((c) => ({
  name: `3x3 s1 p1, ${c} -> ${c + 1} channels, 7x11`,
  shapes: { x: [1, c, 7, 11], weight: [c + 1, c, 3, 3], bias: [c + 1] },
  attrs: { padding: 1 },
}));

/**
 * Both sides of the edges of the tiles in tiled.ts: 32 and 64 channels, 64 pixels, and sums that do not fill the last
 * step.
 */
const tileEdges: KernelCase[] = [
  ...[31, 32, 33, 64, 65].map((c) => ({
    name: `1x1, ${c} -> ${c} channels on 9x7`,
    shapes: { x: [1, c, 9, 7], weight: [c, c, 1, 1], bias: [c] },
  })),
  ...[63, 64, 65].map((w) => ({ name: `1x1 on ${w} pixels`, shapes: { x: [1, 20, 1, w], weight: [40, 20, 1, 1] } })),
  {
    name: "1x1 on 129 pixels of a batch of 3, 129 channels",
    shapes: { x: [3, 12, 1, 43], weight: [129, 12, 1, 1], residual: [3, 129, 1, 43] },
    attrs: { relu: true },
  },
  {
    name: "3x3 p1, batch 2, 64 pixels",
    shapes: { x: [2, 33, 4, 8], weight: [33, 33, 3, 3], bias: [33] },
    attrs: { padding: 1 },
  },
  {
    name: "3x3 s2 p1, batch 2, 65 channels",
    shapes: { x: [2, 65, 13, 9], weight: [34, 65, 3, 3], bias: [34] },
    attrs: { stride: 2, padding: 1, relu: true },
  },
  ...[2, 4].map((d) => ({
    name: `3x3 d${d}, batch 2, 36 channels, residual`,
    shapes: { x: [2, 36, 6, 7], weight: [31, 36, 3, 3], residual: [2, 31, 6, 7] },
    attrs: { padding: d, dilation: d },
  })),
  {
    name: "1x1 on 162 pixels of a batch of 2, 80 -> 161 channels",
    shapes: { x: [2, 80, 9, 9], weight: [161, 80, 1, 1], bias: [161], residual: [2, 161, 9, 9] },
    attrs: { relu: true },
  },
  {
    name: "1x1 on 3x3, batch 2: 16 pixels lie in two pictures",
    shapes: { x: [2, 16, 3, 3], weight: [20, 16, 1, 1], bias: [20] },
  },
  { name: "1x1 on one pixel, batch 16, 16 channels", shapes: { x: [16, 16, 1, 1], weight: [16, 16, 1, 1] } },
  {
    name: "1x1 s2 of 68 channels, batch 2",
    shapes: { x: [2, 68, 9, 9], weight: [64, 68, 1, 1] },
    attrs: { stride: 2 },
  },
];

/** Sums on both sides of ReLU6's bounds. */
const relu6Cases: KernelCase[] = [
  {
    name: "bias, residual and ReLU6",
    shapes: { x: [2, 32, 5, 7], weight: [13, 32, 1, 1], bias: [13], residual: [2, 13, 5, 7] },
    attrs: { relu6: true },
    fill: { bias: (_, random) => random() * 16 - 5, residual: (_, random) => random() * 8 - 4 },
  },
  {
    name: "stem 3x3 s2 p1, ReLU6",
    shapes: { x: [1, 3, 17, 23], weight: [32, 3, 3, 3], bias: [32] },
    attrs: { stride: 2, padding: 1, relu6: true },
    fill: { weight: (_, random) => random() * 16 - 8 },
  },
  {
    name: "ReLU6 of sums far out",
    shapes: { x: [1, 16, 5, 5], weight: [16, 16, 1, 1], residual: [1, 16, 5, 5] },
    attrs: { relu6: true },
    fill: { residual: (i) => [-6e4, 6e4, 6, 0][i % 4] as number },
  },
];

export const conv2dCases: readonly KernelCase[] = [
  { name: "1x1 on one pixel", shapes: { x: [1, 1, 1, 1], weight: [1, 1, 1, 1] } },
  {
    name: "1x1 pixel, 3x3 p1: eight of nine taps outside",
    shapes: { x: [1, 5, 1, 1], weight: [6, 5, 3, 3] },
    attrs: { padding: 1 },
  },
  { name: "1x1 s2, batch 2, 13x17", shapes: { x: [2, 8, 13, 17], weight: [12, 8, 1, 1] }, attrs: { stride: 2 } },
  ...channels,
  {
    name: "stem 7x7 s2 p3, 3 -> 16, 31x37",
    shapes: { x: [1, 3, 31, 37], weight: [16, 3, 7, 7], bias: [16] },
    attrs: { stride: 2, padding: 3, relu: true },
  },
  {
    name: "3x3 s2 p1, batch 3, 8x9",
    shapes: { x: [3, 6, 8, 9], weight: [10, 6, 3, 3] },
    attrs: { stride: 2, padding: 1 },
  },
  { name: "dilation 2", shapes: { x: [1, 7, 11, 13], weight: [9, 7, 3, 3] }, attrs: { padding: 2, dilation: 2 } },
  {
    name: "1x1, the largest dilation",
    shapes: { x: [1, 7, 5, 6], weight: [9, 7, 1, 1], bias: [9] },
    attrs: { dilation: LARGEST },
  },
  {
    name: "dilation 4, picture smaller than the window",
    shapes: { x: [1, 4, 5, 3], weight: [4, 4, 3, 3] },
    attrs: { padding: 4, dilation: 4 },
  },
  {
    name: "stride 2 with dilation 3",
    shapes: { x: [1, 5, 19, 23], weight: [6, 5, 3, 3] },
    attrs: { stride: 2, padding: 3, dilation: 3 },
  },
  {
    name: "1x5 kernel, pairs of stride and padding",
    shapes: { x: [1, 3, 9, 14], weight: [5, 3, 1, 5] },
    attrs: { stride: [2, 3], padding: [0, 2] },
  },
  { name: "4x2 kernel, no padding", shapes: { x: [2, 3, 5, 6], weight: [4, 3, 4, 2] } },
  { name: "padding larger than the kernel", shapes: { x: [1, 2, 3, 3], weight: [3, 2, 1, 1] }, attrs: { padding: 2 } },
  {
    name: "groups 3 of 2 -> 3 channels",
    shapes: { x: [2, 6, 7, 5], weight: [9, 2, 3, 3], bias: [9] },
    attrs: { padding: 1, groups: 3 },
  },
  { name: "depthwise", shapes: { x: [1, 5, 8, 7], weight: [5, 1, 3, 3] }, attrs: { padding: 1, groups: 5 } },
  {
    name: "bias, residual and ReLU",
    shapes: { x: [2, 8, 5, 7], weight: [13, 8, 1, 1], bias: [13], residual: [2, 13, 5, 7] },
    attrs: { relu: true },
  },
  {
    name: "residual alone",
    shapes: { x: [1, 4, 6, 6], weight: [6, 4, 3, 3], residual: [1, 6, 6, 6] },
    attrs: { padding: 1 },
  },
  { name: "ReLU alone", shapes: { x: [1, 16, 4, 4], weight: [16, 16, 1, 1] }, attrs: { relu: true } },
  ...relu6Cases,
  ...tileEdges,
  bench("stem 7x7 s2 @224", [1, 3, 224, 224], [64, 3, 7, 7], { stride: 2, padding: 3 }),
  bench("layer1 1x1 256 -> 64 @56", [1, 256, 56, 56], [64, 256, 1, 1], {}),
  bench("layer1 3x3 64 @56", [1, 64, 56, 56], [64, 64, 3, 3], { padding: 1 }),
  bench("layer1 1x1 64 -> 256 @56", [1, 64, 56, 56], [256, 64, 1, 1], {}),
  bench("layer2 3x3 s2 128 @56", [1, 128, 56, 56], [128, 128, 3, 3], { stride: 2, padding: 1 }),
  bench("layer2 shortcut 1x1 s2 256 -> 512 @56", [1, 256, 56, 56], [512, 256, 1, 1], { stride: 2, relu: false }),
  bench("layer2 1x1 512 -> 128 @28", [1, 512, 28, 28], [128, 512, 1, 1], {}),
  bench("layer2 3x3 128 @28", [1, 128, 28, 28], [128, 128, 3, 3], { padding: 1 }),
  withResidual(bench("layer2 1x1 128 -> 512 @28, residual", [1, 128, 28, 28], [512, 128, 1, 1], {})),
  bench("layer3 1x1 1024 -> 256 @14", [1, 1024, 14, 14], [256, 1024, 1, 1], {}),
  bench("layer3 3x3 256 @14", [1, 256, 14, 14], [256, 256, 3, 3], { padding: 1 }),
  bench("dilated layer3 3x3 d2 256 @28", [1, 256, 28, 28], [256, 256, 3, 3], { padding: 2, dilation: 2 }),
  bench("layer3 1x1 256 -> 1024 @14", [1, 256, 14, 14], [1024, 256, 1, 1], {}),
  bench("layer4 3x3 512 @7", [1, 512, 7, 7], [512, 512, 3, 3], { padding: 1 }),
  { ...matrixProduct(4096), bench: true, gpuOnly: true },
];
