/** A convolution as the variants see it, and its sizes as a matrix product. */
import type { Pair } from "../../src/kernel.js";
import { pair } from "../../src/kernel.js";
import { blocksOf } from "../../src/layout.js";
import type { Nchw } from "../../src/layout.js";
import type { Shape } from "../../src/shape.js";

export interface ConvProblem {
  readonly in: { readonly x: Nchw; readonly weight: Shape; readonly bias: Shape | undefined; readonly residual: Nchw | undefined };
  readonly out: { readonly y: Nchw };
  readonly attrs: { readonly stride: Pair; readonly padding: Pair; readonly dilation: Pair; readonly groups: number; readonly relu: boolean };
}

/** Pixels x (taps * input channels, padded to 4) x output channels. */
export function matrixSizes({ in: { x, weight }, out: { y } }: ConvProblem): { readonly m: number; readonly n: number; readonly k: number } {
  return { m: y[0] * y[2] * y[3], n: y[1], k: (weight[2] as number) * (weight[3] as number) * blocksOf(x[1]) * 4 };
}

/** 1x1 with stride 1 and no padding: a matrix product as it stands. */
export function isPointwise({ in: { weight }, attrs }: ConvProblem): boolean {
  return weight[2] === 1 && weight[3] === 1 && [...pair(attrs.stride), ...pair(attrs.padding).map((p) => p + 1)].every((v) => v === 1);
}
