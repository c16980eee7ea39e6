import type { Attrs } from "../../src/kernel/problem.js";
import type { KernelCase } from "../../src/kernel/registry.js";

/** Inception's branch: the size stays, and the border's windows reach into the padding. */
const same: Attrs = { kernel: 3, stride: 1, padding: 1 };

const edges: readonly KernelCase[] = [
  { name: "1x1 window on one pixel", shapes: { x: [1, 1, 1, 1] }, attrs: { kernel: 1 } },
  { name: "one pixel, 3x3 p1: eight of nine taps outside", shapes: { x: [1, 5, 1, 1] }, attrs: same },
  ...[1, 3, 4, 5, 15, 16, 17].map((c) => ({
    name: `3x3 s2 p1, ${c} channels, 7x11`,
    shapes: { x: [1, c, 7, 11] },
    attrs: { kernel: 3, stride: 2, padding: 1 },
  })),
  { name: "2x2 as wide as its stride, batch 3, 13x5", shapes: { x: [3, 6, 13, 5] } },
  { name: "the whole map, 7x9", shapes: { x: [2, 5, 7, 9] }, attrs: { kernel: [7, 9] } },
  {
    name: "pairs: 2x3 kernel, stride 1x2, padding 1x0",
    shapes: { x: [1, 2, 6, 9] },
    attrs: { kernel: [2, 3], stride: [1, 2], padding: [1, 0] },
  },
  {
    name: "pair with a stride of 0: rows step by the kernel",
    shapes: { x: [1, 3, 8, 9] },
    attrs: { kernel: [3, 2], stride: [0, 1] },
  },
  { name: "stride larger than the window", shapes: { x: [1, 4, 11, 11] }, attrs: { kernel: 2, stride: 3 } },
  {
    name: "ceil_mode: last window hangs over",
    shapes: { x: [1, 5, 8, 7] },
    attrs: { kernel: 3, stride: 2, ceil_mode: true },
  },
  {
    name: "ceil_mode: last window hangs over the padding",
    shapes: { x: [2, 4, 6, 7] },
    attrs: { kernel: 4, stride: 3, padding: 1, ceil_mode: true },
  },
  {
    name: "ceil_mode: none in the padding alone",
    shapes: { x: [2, 4, 5, 5] },
    attrs: { kernel: 2, stride: 2, padding: 1, ceil_mode: true },
  },
  {
    name: "ceil_mode: window larger than the picture",
    shapes: { x: [1, 3, 2, 3] },
    attrs: { kernel: 3, stride: 2, ceil_mode: true },
  },
  {
    name: "planes in several rows and columns",
    shapes: { x: [2, 9, 1500, 3] },
    attrs: { kernel: [2, 3], stride: [1, 2] },
  },
];

export const averagePool2dCases: readonly KernelCase[] = [
  ...edges,
  ...edges.map((test) => ({
    ...test,
    name: `${test.name}, padding not counted`,
    attrs: { ...test.attrs, count_include_pad: false },
  })),
  { name: "DenseNet transition 128 @56", shapes: { x: [1, 128, 56, 56] }, bench: true },
  { name: "Inception branch 192 @35", shapes: { x: [1, 192, 35, 35] }, attrs: same, bench: true },
  { name: "pyramid 512 @60 to 6x6", shapes: { x: [1, 512, 60, 60] }, attrs: { kernel: 10 }, bench: true },
];
