import type { KernelCase } from "../../src/kernel/registry.js";

const shapesOf = (...shape: number[]) => ({
  weight: shape,
  gradient: shape,
  mean: shape,
  square: shape,
  rates: [1, 4, 1, 1],
});
const withUnit = (...shape: number[]) => ({ ...shapesOf(...shape), unit: [shape[0] as number, 1, 1, 1] });
const positive = (_: number, random: () => number): number => 0.1 + random();
/** Of the second step at rate 0.01. */
const rates = (i: number): number => [0.01, 0.01 / (1 - 0.9 ** 2), 1 / Math.sqrt(1 - 0.999 ** 2), 0][i] as number;
const fill = { square: positive, unit: positive, rates };

export const adamwCases: readonly KernelCase[] = [
  { name: "one value", shapes: shapesOf(1, 1, 1, 1), fill },
  { name: "21 biases without decay", shapes: shapesOf(1, 21, 1, 1), fill, attrs: { weight_decay: 0, rate_scale: 2 } },
  { name: "3x5x3x3", shapes: shapesOf(3, 5, 3, 3), fill, attrs: { weight_decay: 0.1 } },
  { name: "3x5x3x3 in units", shapes: withUnit(3, 5, 3, 3), fill, attrs: { beta1: 0.8, beta2: 0.9, eps: 1e-3 } },
  { name: "3x1x1x1 with an eps of 0", shapes: shapesOf(3, 1, 1, 1), fill, attrs: { eps: 0 } },
  { name: "300 quads", shapes: shapesOf(12, 100, 1, 1), fill },
  { name: "512x512x3x3", shapes: shapesOf(512, 512, 3, 3), fill, bench: true },
];
