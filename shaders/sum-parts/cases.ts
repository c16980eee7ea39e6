import type { KernelCase } from "../../src/kernel/registry.js";

const shapesOf = (parts: number, ...[n = 1, ...rest]: number[]) => ({
  parts: [parts * n, ...rest],
  total: [n, ...rest],
});

export const sumPartsCases: readonly KernelCase[] = [
  { name: "one part of one value", shapes: shapesOf(1, 1, 1, 1, 1) },
  { name: "3 parts of 21 values", shapes: shapesOf(3, 21, 1, 1, 1) },
  { name: "7 parts of 5x3x3x3", shapes: shapesOf(7, 5, 3, 3, 3) },
  { name: "200 parts of one value", shapes: shapesOf(200, 1, 1, 1, 1) },
  { name: "129 parts of 5 values", shapes: shapesOf(129, 1, 5, 1, 1) },
  { name: "2 parts of 260 values", shapes: shapesOf(2, 260, 1, 1, 1) },
  { name: "losses of 384x512", shapes: shapesOf(768, 1, 1, 1, 1), bench: true },
  { name: "8 parts of 512x512x3x3", shapes: shapesOf(8, 512, 512, 3, 3), bench: true },
];
