import type { KernelCase } from "../../src/kernel/registry.js";

const toF16 = { from: "nhwc4", to: "nhwc4-f16" };
const fromF16 = { from: "nhwc4-f16", to: "nhwc4" };
/** Multiples of 1/1024 below 1, which f16 holds exactly. */
const halves = { x: (_: number, random: () => number) => Math.floor(random() * 2048 - 1024) / 1024 };

export const convertCases: readonly KernelCase[] = [
  { name: "to f16, 5 channels, batch 2", shapes: { x: [2, 5, 7, 11] }, attrs: toF16 },
  { name: "to f16, one value", shapes: { x: [1, 1, 1, 1] }, attrs: toF16 },
  {
    name: "to f16, large and tiny values",
    shapes: { x: [1, 4, 3, 5] },
    attrs: toF16,
    fill: { x: (i, random) => (random() - 0.5) * 10 ** ((i % 9) - 4) },
  },
  {
    name: "to f16, values that it cannot hold",
    shapes: { x: [1, 6, 3, 5] },
    attrs: toF16,
    fill: { x: (i, random) => (random() - 0.5) * 10 ** (i % 7) },
  },
  { name: "from f16, 3 channels", shapes: { x: [1, 3, 13, 3] }, attrs: fromF16, fill: halves },
  { name: "from f16, 17 channels, batch 2", shapes: { x: [2, 17, 5, 2] }, attrs: fromF16, fill: halves },
  ...[
    { name: "3 channels, batch 2, 5x7", shapes: { x: [2, 3, 5, 7] } },
    { name: "17 channels, one pixel", shapes: { x: [1, 17, 1, 1] } },
    { name: "planes in several columns", shapes: { x: [2, 9, 3001, 2] } },
  ].flatMap((c) => [
    { ...c, name: `to texture, ${c.name}`, attrs: { from: "nhwc4", to: "tex4" } },
    { ...c, name: `from texture, ${c.name}`, attrs: { from: "tex4", to: "nhwc4" } },
  ]),
  ...[
    { from: "nhwc4", to: "nhwc4+1" },
    { from: "nhwc4+2", to: "nhwc4" },
    { from: "nhwc4+1", to: "nhwc4+4" },
  ].map((attrs) => ({ name: `border, ${attrs.from} to ${attrs.to}`, shapes: { x: [2, 5, 4, 7] }, attrs })),
  ...[
    { from: "nhwc4-f16", to: "nhwc4-f16+1" },
    { from: "nhwc4-f16+4", to: "nhwc4-f16+2" },
  ].map((attrs) => ({
    name: `border, ${attrs.from} to ${attrs.to}`,
    shapes: { x: [2, 9, 5, 3] },
    attrs,
    fill: halves,
  })),
  { name: "to f16, layer1 @56", shapes: { x: [1, 256, 56, 56] }, attrs: toF16, bench: true },
];
