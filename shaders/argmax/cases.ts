import type { KernelCase } from "../../src/kernel/registry.js";

/** Few distinct values, so that ties are everywhere. */
const ties = { x: (_: number, random: () => number) => Math.floor(random() * 3) };
/** A third NaN, a few infinities. */
const broken = {
  x: (_: number, random: () => number) => {
    const r = random();
    if (r < 0.34) return NaN;
    if (r < 0.4) return -Infinity;
    return r < 0.42 ? Infinity : r;
  },
};

const shapes: [string, number[]][] = [
  ["one pixel, one class", [1, 1, 1, 1]],
  ["3 classes, 5x7", [1, 3, 5, 7]],
  ["21 classes, batch 2, 7x11", [2, 21, 7, 11]],
  ["17 classes, 13x3", [1, 17, 13, 3]],
  ["256 classes", [1, 256, 2, 3]],
];

export const argmaxCases: readonly KernelCase[] = [
  ...shapes.flatMap(([name, x]) =>
    ["u8", "u32"].map((dtype) => ({ name: `${name}, ${dtype}`, shapes: { x }, attrs: { dtype } })),
  ),
  ...["u8", "u32"].flatMap((dtype) => [
    { name: `ties go to the first, ${dtype}`, shapes: { x: [2, 21, 5, 5] }, attrs: { dtype }, fill: ties },
    { name: `NaN never wins, ${dtype}`, shapes: { x: [1, 6, 9, 7] }, attrs: { dtype }, fill: broken },
    {
      name: `nothing but NaN is class 0, ${dtype}`,
      shapes: { x: [1, 5, 3, 3] },
      attrs: { dtype },
      fill: { x: () => NaN },
    },
  ]),
  { name: "300 classes need u32", shapes: { x: [1, 300, 2, 2] }, attrs: { dtype: "u32" } },
  { name: "21 classes @500x375", shapes: { x: [1, 21, 375, 500] }, bench: true },
];
