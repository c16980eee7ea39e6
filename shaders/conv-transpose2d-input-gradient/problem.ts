/** The gradient of a transposed convolution's input as its variants see it. */
import type { Pair } from "../../src/kernel/problem.js";
import { pair } from "../../src/kernel/problem.js";
import type { Nchw, Shape } from "../../src/kernel/shape.js";

export interface TransposedInputProblem {
  readonly in: { readonly dy: Nchw; readonly weight: Shape };
  readonly out: { readonly dx: Nchw };
  readonly attrs: {
    readonly stride: Pair;
    readonly padding: Pair;
    readonly groups: number;
    readonly crop_offset: Pair;
  };
}

/** Whether each channel comes from itself alone. */
export const isPerChannel = ({ in: { weight }, attrs }: TransposedInputProblem): boolean =>
  attrs.groups === weight[0] && weight[1] === 1;

/** Rows and columns of the uncropped result that lie above and left of dy: padding plus crop. */
export function skipped({ attrs }: TransposedInputProblem): readonly [number, number] {
  const [padH, padW] = pair(attrs.padding);
  const [top, left] = pair(attrs.crop_offset);
  return [padH + top, padW + left];
}
