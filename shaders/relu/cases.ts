import type { KernelCase } from "../../src/kernel/registry.js";

const edges = [0, -0, 1, -1, Infinity, -Infinity, 1e-30, -1e-30, 3e38, -3e38];

export const reluCases: readonly KernelCase[] = [
  { name: "one pixel, one channel", shapes: { x: [1, 1, 1, 1] } },
  ...[1, 3, 4, 5, 15, 16, 17].map((c) => ({ name: `${c} channels, 7x11`, shapes: { x: [1, c, 7, 11] } })),
  { name: "batch 3, 13x5", shapes: { x: [3, 6, 13, 5] } },
  {
    name: "zeros, infinities and extremes",
    shapes: { x: [2, 5, 2, 3] },
    fill: { x: (i) => edges[i % edges.length] as number },
  },
  { name: "layer1 256 @56", shapes: { x: [1, 256, 56, 56] }, bench: true },
  { name: "stem 64 @112", shapes: { x: [1, 64, 112, 112] }, bench: true },
];
