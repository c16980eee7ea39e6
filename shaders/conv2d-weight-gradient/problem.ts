/** The gradient of a weight as its variants see it. */
import type { Pair } from "../../src/kernel/problem.js";
import { pair } from "../../src/kernel/problem.js";
import { blocksOf } from "../../src/kernel/shape.js";
import type { Nchw } from "../../src/kernel/shape.js";

export interface WeightGradientProblem {
  readonly in: { readonly x: Nchw; readonly dy: Nchw };
  readonly out: { readonly parts: Nchw };
  readonly attrs: {
    readonly kernel: Pair;
    readonly stride: Pair;
    readonly padding: Pair;
    readonly dilation: Pair;
    readonly splits: number;
  };
}

/** What does not depend on the parts. */
export type WeightMaps = Pick<WeightGradientProblem, "in" | "attrs">;

/** Columns of the product in vec4 blocks: taps times blocks of input channels. */
export const columnsOf = ({ in: { x }, attrs }: WeightMaps): number =>
  pair(attrs.kernel)[0] * pair(attrs.kernel)[1] * blocksOf(x[1]);
