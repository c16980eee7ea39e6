import type { KernelCase } from "../../src/kernel/registry.js";

export const cropCases: readonly KernelCase[] = [
  { name: "one pixel, whole", shapes: { x: [1, 1, 1, 1] }, attrs: { size: 1 } },
  ...[1, 3, 4, 5, 15, 16, 17].map((c) => ({
    name: `${c} channels, 9x13 to 7x11 at (2, 1)`,
    shapes: { x: [1, c, 9, 13] },
    attrs: { size: [7, 11], offset: [2, 1] } as const,
  })),
  { name: "the whole map", shapes: { x: [2, 6, 7, 11] }, attrs: { size: [7, 11] } },
  { name: "the last pixel of three batch items", shapes: { x: [3, 5, 4, 6] }, attrs: { size: 1, offset: [3, 5] } },
  { name: "rows only", shapes: { x: [2, 4, 8, 5] }, attrs: { size: [3, 5], offset: [4, 0] } },
  { name: "columns only", shapes: { x: [2, 3, 5, 8] }, attrs: { size: [5, 3], offset: [0, 4] } },
  {
    name: "from planes in several rows and columns to one column",
    shapes: { x: [2, 9, 1500, 3] },
    attrs: { size: [5, 2], offset: [1490, 1] },
  },
  {
    name: "planes in several rows and columns",
    shapes: { x: [2, 9, 1500, 3] },
    attrs: { size: [1400, 2], offset: [7, 0] },
  },
  {
    name: "VGG score_pool3 @500x375",
    shapes: { x: [1, 21, 72, 88] },
    attrs: { size: [54, 70], offset: 9 },
    bench: true,
  },
  {
    name: "VGG upscore8 to 500x375",
    shapes: { x: [1, 21, 440, 568] },
    attrs: { size: [375, 500], offset: 31 },
    bench: true,
  },
];
