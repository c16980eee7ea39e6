import type { KernelCase } from "../../src/kernel/registry.js";

const shapes = (n: number, c: number, h: number, w: number): KernelCase["shapes"] => ({
  y: [n, c, h, w],
  dy: [n, c, h, w],
});
/** On both sides of ReLU6's bounds, and on them. */
const wide = { y: (_: number, random: () => number) => Math.max(0, Math.min(6, random() * 12 - 3)) };
const edges = [0, -0, 1e-30, 6, 5.9999995, Infinity, 3e38, 1];
const slopes = [1, -1, Infinity, 3e38, -Infinity];

export const reluGradientCases: readonly KernelCase[] = [
  { name: "one pixel, one channel", shapes: shapes(1, 1, 1, 1) },
  ...[1, 3, 4, 5, 15, 16, 17].map((c) => ({ name: `${c} channels, 7x11`, shapes: shapes(1, c, 7, 11) })),
  { name: "batch 3, 13x5", shapes: shapes(3, 6, 13, 5) },
  { name: "batch 3, ReLU6", shapes: shapes(3, 6, 13, 5), attrs: { relu6: true }, fill: wide },
  ...[false, true].map((relu6) => ({
    name: `bounds, infinities and extremes, ReLU6 ${relu6}`,
    shapes: shapes(2, 5, 2, 3),
    attrs: { relu6 },
    fill: {
      y: (i: number) => edges[i % edges.length] as number,
      dy: (i: number) => slopes[i % slopes.length] as number,
    },
  })),
  { name: "layer1 256 @56", shapes: shapes(1, 256, 56, 56), bench: true },
  { name: "stem 64 @112, ReLU6", shapes: shapes(1, 64, 112, 112), attrs: { relu6: true }, fill: wide, bench: true },
];
