/** The gradient of a convolution's input as its variants see it. */
import { pair } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import { ceilDiv } from "../../src/kernel/shape.js";
import type { Nchw, Shape } from "../../src/kernel/shape.js";
import { isUndilated } from "../../src/kernel/window.js";

export interface InputGradientProblem {
  readonly in: {
    readonly dy: Nchw;
    readonly weight: Shape;
    readonly mask: Nchw | undefined;
    readonly residual: Nchw | undefined;
  };
  readonly out: { readonly dx: Nchw };
  readonly attrs: { readonly stride: Pair; readonly padding: Pair; readonly dilation: Pair };
}

/** Windows of one position within the stride, of the whole batch. */
export function windowsOf({ out: { dx }, attrs }: InputGradientProblem): number {
  const [strideH, strideW] = pair(attrs.stride);
  return dx[0] * ceilDiv(dx[2], strideH) * ceilDiv(dx[3], strideW);
}

/** Whether the taps of a stride and a dilation fall into positions within the stride. */
export const hasPositions = ({ stride, dilation }: InputGradientProblem["attrs"]): boolean =>
  isUndilated(dilation) || pair(stride).every((step) => step === 1);
