import type { KernelCase } from "../../src/kernel/registry.js";

export const projectCases: readonly KernelCase[] = [
  { name: "one pixel, one feature, one class", shapes: { x: [1, 1, 1, 1], weight: [1, 1, 1, 1] } },
  ...[3, 4, 5, 15, 16, 17].map((c) => ({
    name: `${c} features, 21 classes, 5x7`,
    shapes: { x: [1, c, 5, 7], weight: [21, c, 1, 1], bias: [21] },
  })),
  { name: "batch 2, 2 classes, weight of rank 2, no bias", shapes: { x: [2, 9, 11, 3], weight: [2, 9] } },
  { name: "33 classes, batch 3, 66 features", shapes: { x: [3, 66, 3, 5], weight: [33, 66, 1, 1], bias: [33] } },
  { name: "512 features, 13 classes", shapes: { x: [1, 512, 3, 3], weight: [13, 512, 1, 1], bias: [13] } },
  { name: "score32 @224", shapes: { x: [1, 2048, 7, 7], weight: [21, 2048, 1, 1], bias: [21] }, bench: true },
  { name: "score8 @224", shapes: { x: [1, 512, 28, 28], weight: [21, 512, 1, 1], bias: [21] }, bench: true },
];
