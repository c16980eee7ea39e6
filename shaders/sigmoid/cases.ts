import type { KernelCase } from "../../src/kernel/registry.js";

type Fill = NonNullable<KernelCase["fill"]>;
/** Within what f16 holds: packing an infinity is left to the implementation. */
const edges = [0, -0, 1e-30, -1e-30, 20, -20, 89, -89, 104, -104, 65_504, -65_504];
const logits: Fill = { x: (_, random) => 16 * random() - 8 };

export const sigmoidCases: readonly KernelCase[] = [
  { name: "one pixel, one channel", shapes: { x: [1, 1, 1, 1] } },
  ...[1, 3, 4, 5, 15, 16, 17].map((c) => ({ name: `${c} channels, 7x11`, shapes: { x: [1, c, 7, 11] }, fill: logits })),
  { name: "batch 3, 13x5", shapes: { x: [3, 6, 13, 5] }, fill: logits },
  { name: "planes in several rows and columns", shapes: { x: [2, 9, 1500, 2] }, fill: logits },
  {
    name: "zeros and extremes",
    shapes: { x: [2, 5, 3, 4] },
    fill: { x: (i) => edges[i % edges.length] as number },
  },
  { name: "mask of one class @512", shapes: { x: [1, 1, 512, 512] }, fill: logits, bench: true },
  { name: "attention gate 256 @56", shapes: { x: [1, 256, 56, 56] }, fill: logits, bench: true },
];
