import type { KernelCase } from "../../src/kernel/registry.js";

const same = (...shape: number[]): KernelCase["shapes"] => ({ x: shape, skip: shape });

export const addCases: readonly KernelCase[] = [
  { name: "one pixel, one channel", shapes: same(1, 1, 1, 1) },
  ...[1, 3, 4, 5, 15, 16, 17].map((c) => ({
    name: `${c} channels, 9x13 cropped to 7x11`,
    shapes: { x: [1, c, 9, 13], skip: [1, c, 7, 11] },
  })),
  { name: "same size, batch 2, 7x11", shapes: same(2, 6, 7, 11) },
  { name: "batch 3, cropped to one pixel", shapes: { x: [3, 5, 2, 2], skip: [3, 5, 1, 1] } },
  { name: "only rows are cropped", shapes: { x: [2, 4, 8, 5], skip: [2, 4, 7, 5] } },
  { name: "only columns are cropped", shapes: { x: [2, 3, 5, 8], skip: [2, 3, 5, 7] } },
  { name: "ReLU, cropped", shapes: { x: [2, 7, 6, 6], skip: [2, 7, 5, 3] }, attrs: { relu: true } },
  { name: "21 classes, skip of pool3 @500x375", shapes: { x: [1, 21, 48, 64], skip: [1, 21, 47, 63] }, bench: true },
  { name: "layer1 256 @56 with ReLU", shapes: same(1, 256, 56, 56), attrs: { relu: true }, bench: true },
];
