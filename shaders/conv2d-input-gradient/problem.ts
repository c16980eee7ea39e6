/** The gradient of a convolution's input as its variants see it. */
import type { Pair } from "../../src/kernel/problem.js";
import type { Nchw, Shape } from "../../src/kernel/shape.js";

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
