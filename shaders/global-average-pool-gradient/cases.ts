import type { KernelCase } from "../../src/kernel/registry.js";

export const globalAveragePoolGradientCases: readonly KernelCase[] = [
  { name: "one pixel, one channel", shapes: { dy: [1, 1, 1, 1] }, attrs: { height: 1, width: 1 } },
  ...[1, 3, 4, 5, 15, 16, 17].map((c) => ({
    name: `${c} channels, 7x11`,
    shapes: { dy: [1, c, 1, 1] },
    attrs: { height: 7, width: 11 },
  })),
  { name: "batch 3, 13x5", shapes: { dy: [3, 6, 1, 1] }, attrs: { height: 13, width: 5 } },
  { name: "320 @24x32", shapes: { dy: [1, 320, 1, 1] }, attrs: { height: 24, width: 32 }, bench: true },
  { name: "2048 @33, batch 4", shapes: { dy: [4, 2048, 1, 1] }, attrs: { height: 33, width: 33 }, bench: true },
];
