/** Edge shapes for the tests, and the layers of MobileNetV2 at 384x512 for the benchmarks. */
import type { Attrs } from "../../src/kernel/problem.js";
import type { KernelCase } from "../../src/kernel/registry.js";

type Sizes = readonly [channels: number, height: number, width: number];

/** A layer of MobileNetV2: 3x3, bias and ReLU6. */
const layer = ([channels, height, width]: Sizes, stride: number): KernelCase => ({
  name: `3x3 s${stride} ${channels} @${height}x${width}`,
  shapes: { x: [1, channels, height, width], weight: [channels, 1, 3, 3], bias: [channels] },
  attrs: { stride, padding: 1, relu6: true },
  bench: true,
});

/** A square kernel with the padding that keeps the size where the stride is 1. */
function square(kernel: number, [channels, height, width]: Sizes, { stride = 1, dilation = 1 }: Attrs): KernelCase {
  const padding = ((kernel - 1) / 2) * (dilation as number);
  return {
    name: `${kernel}x${kernel} s${String(stride)} d${String(dilation)}, ${channels} channels, ${height}x${width}`,
    shapes: { x: [1, channels, height, width], weight: [channels, 1, kernel, kernel], bias: [channels] },
    attrs: { stride, padding, dilation },
  };
}

/** Channel counts on both sides of the vec4 edge. */
const channels: KernelCase[] = [1, 3, 4, 5, 15, 16, 17].map((c) => square(3, [c, 7, 11], {}));

/** Tiles of 4 columns and of 2 rows, with and without a rest. */
const tileEdges: KernelCase[] = [1, 2, 3, 4, 5, 8, 9].map((w) => square(3, [6, 10 - w, w], {}));

const windows: KernelCase[] = [
  square(3, [5, 12, 17], { stride: 2 }),
  square(5, [5, 12, 17], {}),
  square(5, [5, 13, 18], { stride: 2 }),
  square(3, [6, 13, 19], { dilation: 2 }),
  square(3, [6, 9, 7], { dilation: 12 }),
  square(5, [6, 13, 19], { dilation: 3 }),
  square(3, [6, 15, 21], { stride: 2, dilation: 3 }),
  square(3, [6, 15, 21], { stride: 2, dilation: 2 }),
  square(5, [6, 15, 21], { stride: 2, dilation: 4 }),
  square(3, [6, 17, 20], { stride: 4, dilation: 2 }),
  square(3, [6, 17, 20], { stride: 3 }),
  square(1, [7, 5, 6], {}),
  square(7, [7, 9, 10], {}),
  {
    name: "pairs of stride, padding and dilation",
    shapes: { x: [1, 3, 9, 14], weight: [3, 1, 3, 3] },
    attrs: { stride: [2, 1], padding: [0, 2], dilation: [1, 2] },
  },
  {
    name: "5x5, pairs of stride, padding and dilation",
    shapes: { x: [1, 3, 16, 14], weight: [3, 1, 5, 5] },
    attrs: { stride: [1, 2], padding: [3, 0], dilation: [2, 1] },
  },
  {
    name: "1x3 kernel",
    shapes: { x: [1, 3, 5, 9], weight: [3, 1, 1, 3], bias: [3] },
    attrs: { padding: [0, 1] },
  },
  { name: "no padding", shapes: { x: [1, 3, 8, 9], weight: [3, 1, 3, 3] } },
  {
    name: "padding larger than the kernel",
    shapes: { x: [1, 2, 3, 3], weight: [2, 1, 3, 3], bias: [2] },
    attrs: { padding: 4 },
  },
];

export const depthwiseConv2dCases: readonly KernelCase[] = [
  { name: "one pixel, one channel", shapes: { x: [1, 1, 1, 1], weight: [1, 1, 1, 1] } },
  {
    name: "one pixel, 3x3 p1: eight of nine taps outside",
    shapes: { x: [1, 5, 1, 1], weight: [5, 1, 3, 3] },
    attrs: { padding: 1 },
  },
  ...channels,
  ...tileEdges,
  ...windows,
  {
    name: "batch 3, ReLU",
    shapes: { x: [3, 9, 8, 9], weight: [9, 1, 3, 3], bias: [9] },
    attrs: { stride: 2, padding: 1, relu: true },
  },
  {
    name: "ReLU6 of sums on both sides of its bounds",
    shapes: { x: [2, 10, 9, 13], weight: [10, 1, 3, 3], bias: [10] },
    attrs: { padding: 1, relu6: true },
    fill: { bias: (_, random) => random() * 16 - 5 },
  },
  {
    name: "columns of more rows than a thread takes",
    shapes: { x: [1, 4, 83, 5], weight: [4, 1, 3, 3], bias: [4] },
    attrs: { padding: 1, relu6: true },
  },
  {
    name: "planes side by side in a texture",
    shapes: { x: [2, 12, 2500, 3], weight: [12, 1, 3, 3] },
    attrs: { padding: 1 },
  },
  layer([32, 192, 256], 1),
  layer([96, 192, 256], 2),
  layer([144, 96, 128], 1),
  layer([144, 96, 128], 2),
  layer([144, 64, 64], 1),
  layer([192, 48, 64], 1),
  layer([192, 48, 64], 2),
  layer([384, 24, 32], 1),
  layer([576, 24, 32], 1),
  layer([576, 24, 32], 2),
  layer([960, 12, 16], 1),
  {
    name: "5x5 240 @48x64",
    shapes: { x: [1, 240, 48, 64], weight: [240, 1, 5, 5], bias: [240] },
    attrs: { padding: 2, relu6: true },
    bench: true,
  },
];
