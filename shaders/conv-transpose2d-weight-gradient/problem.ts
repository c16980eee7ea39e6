/** The gradient of a transposed convolution's weight as its variants see it. */
import { pair } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import { blocksOf } from "../../src/kernel/shape.js";
import type { Nchw } from "../../src/kernel/shape.js";

export interface TransposedWeightProblem {
  readonly in: { readonly x: Nchw; readonly dy: Nchw };
  readonly out: { readonly parts: Nchw };
  readonly attrs: {
    readonly kernel: Pair;
    readonly stride: Pair;
    readonly padding: Pair;
    readonly groups: number;
    readonly crop_offset: Pair;
    readonly splits: number;
  };
}

/** What does not depend on the parts. */
export type TransposedMaps = Pick<TransposedWeightProblem, "in" | "attrs">;

/** Columns of the product in vec4 blocks: taps times blocks of output channels. */
export const transposedColumns = ({ in: { dy }, attrs }: TransposedMaps): number =>
  pair(attrs.kernel)[0] * pair(attrs.kernel)[1] * blocksOf(dy[1]);
