import type { Attrs } from "../../src/kernel/problem.js";
import type { KernelCase } from "../../src/kernel/registry.js";
import { LARGEST } from "../../src/kernel/shape.js";

type Fill = NonNullable<KernelCase["fill"]>;
/** Few distinct values, so that ties are everywhere. */
const ties: Fill = { x: (_, random) => Math.floor(random() * 3) };
/** Mostly -Infinity: a window of nothing else must still name its first pixel. */
const low: Fill = {
  x(_, random) {
    if (random() < 0.8) return -Infinity;
    return random() < 0.5 ? Infinity : -3;
  },
};
const negative: Fill = { x: (_, random) => -1 - random() };
const stem: Attrs = { kernel: 3, stride: 2, padding: 1 };

const edges: readonly KernelCase[] = [
  { name: "1x1 window on one pixel", shapes: { x: [1, 1, 1, 1] }, attrs: { kernel: 1 } },
  { name: "one pixel, 3x3 p1: eight of nine taps outside", shapes: { x: [1, 5, 1, 1] }, attrs: stem },
  ...[1, 3, 4, 5, 15, 16, 17].map((c) => ({
    name: `3x3 s2 p1, ${c} channels, 7x11`,
    shapes: { x: [1, c, 7, 11] },
    attrs: stem,
  })),
  { name: "2x2 as wide as its stride, batch 3, 13x5", shapes: { x: [3, 6, 13, 5] } },
  {
    name: "3x3 s1 p1, all values negative",
    shapes: { x: [2, 3, 5, 7] },
    attrs: { kernel: 3, stride: 1, padding: 1 },
    fill: negative,
  },
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
  {
    name: "dilation 2 with padding",
    shapes: { x: [2, 5, 11, 13] },
    attrs: { kernel: 3, stride: 1, padding: 1, dilation: 2 },
  },
  { name: "stride larger than the window", shapes: { x: [1, 4, 11, 11] }, attrs: { kernel: 2, stride: 3 } },
  {
    name: "a window between the pixels",
    shapes: { x: [1, 3, 1, 1] },
    attrs: { kernel: 2, stride: 1, padding: 1, dilation: 2 },
  },
  { name: "1x1, the largest dilation", shapes: { x: [1, 5, 6, 7] }, attrs: { kernel: 1, dilation: LARGEST } },
  {
    name: "ceil_mode: the largest dilation, a window around the picture",
    shapes: { x: [1, 3, 4, 3] },
    attrs: { kernel: 2, stride: LARGEST, padding: 1, dilation: LARGEST, ceil_mode: true },
  },
  {
    name: "ceil_mode: last window hangs over",
    shapes: { x: [1, 5, 8, 7] },
    attrs: { ...stem, padding: 0, ceil_mode: true },
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
  { name: "first of equal values wins", shapes: { x: [2, 6, 9, 9] }, attrs: stem, fill: ties },
  { name: "infinities", shapes: { x: [1, 5, 9, 7] }, attrs: stem, fill: low },
];

export const maxPool2dCases: readonly KernelCase[] = [
  ...edges,
  ...edges.map((test) => ({ ...test, name: `${test.name}, indices`, attrs: { ...test.attrs, indices: true } })),
  { name: "ResNet stem 64 @112", shapes: { x: [1, 64, 112, 112] }, attrs: stem, bench: true },
  { name: "VGG pool1 64 @224, indices", shapes: { x: [1, 64, 224, 224] }, attrs: { indices: true }, bench: true },
];
