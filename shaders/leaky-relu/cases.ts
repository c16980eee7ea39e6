import type { KernelCase } from "../../src/kernel/registry.js";

/** Within what f16 holds: packing an infinity is left to the implementation. */
const edges = [0, -0, 1, -1, 1e-30, -1e-30, 65_504, -65_504];

export const leakyReluCases: readonly KernelCase[] = [
  { name: "one pixel, one channel", shapes: { x: [1, 1, 1, 1] } },
  ...[1, 3, 4, 5, 15, 16, 17].map((c) => ({ name: `${c} channels, 7x11`, shapes: { x: [1, c, 7, 11] } })),
  { name: "batch 3, slope 0.2", shapes: { x: [3, 6, 13, 5] }, attrs: { slope: 0.2 } },
  { name: "slope 0: relu", shapes: { x: [2, 5, 3, 4] }, attrs: { slope: 0 } },
  { name: "slope -1: the absolute value", shapes: { x: [2, 5, 3, 4] }, attrs: { slope: -1 } },
  { name: "planes in several rows and columns", shapes: { x: [2, 9, 1500, 2] } },
  {
    name: "zeros and extremes",
    shapes: { x: [2, 5, 2, 4] },
    fill: { x: (i) => edges[i % edges.length] as number },
  },
  { name: "Darknet 128 @52, slope 0.1", shapes: { x: [1, 128, 52, 52] }, attrs: { slope: 0.1 }, bench: true },
  { name: "U-Net 64 @128", shapes: { x: [1, 64, 128, 128] }, attrs: { slope: 0.2 }, bench: true },
];
