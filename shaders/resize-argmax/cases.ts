import type { KernelCase } from "../../src/kernel/registry.js";

type Size = readonly [number, number];
const sizes: readonly (readonly [string, readonly number[], Size])[] = [
  ["one pixel, one class", [1, 1, 1, 1], [1, 1]],
  ["one pixel to 5x3, batch 2", [2, 5, 1, 1], [5, 3]],
  ["7x11 to one pixel", [1, 3, 7, 11], [1, 1]],
  ["3 classes, 7x11 to the same size", [1, 3, 7, 11], [7, 11]],
  ["21 classes, batch 2, 7x11 to 13x17", [2, 21, 7, 11], [13, 17]],
  ["16 classes, 31x29 to 7x5, batch 3", [3, 16, 31, 29], [7, 5]],
  ["17 classes, one axis: 9x9 to 9x18", [1, 17, 9, 9], [9, 18]],
  ["4 classes, up by 8", [1, 4, 5, 7], [40, 56]],
  ["256 classes", [1, 256, 2, 3], [5, 4]],
];

export const resizeArgmaxCases: readonly KernelCase[] = [
  ...sizes.map(([name, x, [height, width]]) => ({ name, shapes: { x }, attrs: { height, width } })),
  { name: "stride 8, cropped to 37x50", shapes: { x: [2, 21, 5, 7] }, attrs: { height: 37, width: 50, stride: 8 } },
  { name: "stride 32, one cell", shapes: { x: [1, 5, 1, 1] }, attrs: { height: 31, width: 3, stride: 32 } },
  { name: "stride 3, not cropped", shapes: { x: [1, 17, 3, 5] }, attrs: { height: 9, width: 15, stride: 3 } },
  {
    name: "stride 8, pixel 8i on cell i",
    shapes: { x: [2, 21, 5, 7] },
    attrs: { height: 33, width: 45, stride: 8, shift: 3.5 },
  },
  {
    name: "stride 8, cells on pixels, 31x45 resized to 50x20",
    shapes: { x: [2, 21, 5, 7] },
    attrs: { height: 50, width: 20, stride: 8, shift: 3.5, seen: [31, 45] },
  },
  {
    name: "stride 32, cells on pixels, 33x65 resized to 100x7",
    shapes: { x: [1, 3, 2, 3] },
    attrs: { height: 100, width: 7, stride: 32, shift: 15.5, seen: [33, 65] },
  },
  // Halves and quarters of small whole numbers: every mix is exact, so ties are ties.
  {
    name: "ties go to the first",
    shapes: { x: [2, 21, 5, 5] },
    attrs: { height: 10, width: 10 },
    fill: { x: (_, random) => Math.floor(random() * 3) },
  },
  {
    name: "NaN never wins",
    shapes: { x: [1, 6, 9, 7] },
    attrs: { height: 18, width: 14 },
    fill: { x: (_, random) => (random() < 0.2 ? NaN : random()) },
  },
  {
    name: "labels of FCN-32s @640x480",
    shapes: { x: [1, 21, 15, 20] },
    attrs: { height: 480, width: 640, stride: 32 },
    bench: true,
  },
  {
    name: "21 classes, 520x693 to 1500x2000",
    shapes: { x: [1, 21, 520, 693] },
    attrs: { height: 1500, width: 2000 },
    bench: true,
  },
];
