import type { KernelCase } from "../../src/kernel/registry.js";

type Size = readonly [number, number];
const sizes: readonly (readonly [string, readonly number[], Size])[] = [
  ["one pixel stays", [1, 1, 1, 1], [1, 1]],
  ["one pixel to 5x3, batch 2", [2, 5, 1, 1], [5, 3]],
  ["7x11 to one pixel", [1, 3, 7, 11], [1, 1]],
  ["7x11 to the same size", [1, 5, 7, 11], [7, 11]],
  ...[1, 3, 4, 5, 15, 16, 17].map((c) => [`${c} channels, 7x11 to 13x17`, [1, c, 7, 11], [13, 17]] as const),
  ["31x29 to 7x5, batch 3", [3, 6, 31, 29], [7, 5]],
  ["one axis: 9x9 to 9x18", [1, 3, 9, 9], [9, 18]],
  ["up by 8", [1, 4, 5, 7], [40, 56]],
  ["long rows: 2x997 to 3x1009", [1, 1, 2, 997], [3, 1009]],
  ["long columns: 1013x1 to 512x2", [1, 2, 1013, 1], [512, 2]],
];
const modes = [
  ["nearest", { mode: "nearest" }],
  ["bilinear", { mode: "bilinear" }],
  ["aligned corners", { mode: "bilinear", align_corners: true }],
] as const;

export const resizeCases: readonly KernelCase[] = [
  ...modes.flatMap(([mode, attrs]) =>
    sizes.map(([name, x, [height, width]]) => ({
      name: `${mode}: ${name}`,
      shapes: { x },
      attrs: { ...attrs, height, width },
    })),
  ),
  {
    name: "bilinear: 21 classes, 47x63 to 375x500",
    shapes: { x: [1, 21, 47, 63] },
    attrs: { height: 375, width: 500 },
    bench: true,
  },
  {
    name: "nearest: 256 @28 to 56",
    shapes: { x: [1, 256, 28, 28] },
    attrs: { mode: "nearest", height: 56, width: 56 },
    bench: true,
  },
];
