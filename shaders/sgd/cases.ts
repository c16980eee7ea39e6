import type { KernelCase } from "../../src/kernel/registry.js";

const shapesOf = (...shape: number[]) => ({ weight: shape, gradient: shape, velocity: shape, rates: [1, 4, 1, 1] });
const withUnit = (...shape: number[]) => ({ ...shapesOf(...shape), unit: [shape[0] as number, 1, 1, 1] });
/** Positive, as units are. */
const positive = (_: number, random: () => number): number => 0.1 + 3 * random();

const paper = { momentum: 0.99, weight_decay: 5e-4 };

export const sgdCases: readonly KernelCase[] = [
  { name: "one value", shapes: shapesOf(1, 1, 1, 1) },
  { name: "21 biases, twice the rate", shapes: shapesOf(1, 21, 1, 1), attrs: { momentum: 0.9, rate_scale: 2 } },
  { name: "3x5x3x3, momentum and decay", shapes: shapesOf(3, 5, 3, 3), attrs: paper },
  { name: "3x5x3x3 in units", shapes: withUnit(3, 5, 3, 3), attrs: paper, fill: { unit: positive } },
  { name: "4 values, a unit each", shapes: withUnit(4, 1, 1, 1), attrs: paper, fill: { unit: positive } },
  { name: "300 quads", shapes: shapesOf(12, 100, 1, 1), attrs: paper },
  { name: "512x512x3x3", shapes: shapesOf(512, 512, 3, 3), attrs: paper, bench: true },
];
