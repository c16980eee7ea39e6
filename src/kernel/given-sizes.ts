/** Output sizes for callers outside, whose arguments are checked first. Kernels and layers use shape.ts itself. */
import { checkKind, checkOptions } from "../base/options.js";
import type { Kinds } from "../base/options.js";
import { convOutputSize, convTransposeOutputSize } from "./shape.js";
import type { TransposedWindow, Window } from "./shape.js";

const WINDOW: Kinds<Window> = { kernel: "a number", stride: "a number", padding: "a number", dilation: "a number" };
const TRANSPOSED: Kinds<TransposedWindow> = { ...WINDOW, outputPadding: "a number" };

/**
 * Output size of a convolution: floor((input + 2 padding - dilation (kernel - 1) - 1) / stride) + 1.
 * @throws bad-shape when the window does not fit in the padded input, bad-option for other types
 * @example
 * import { convOutputSize } from "fcn-webgpu";
 *
 * console.log(convOutputSize(224, { kernel: 7, stride: 2, padding: 3 })); // prints 112
 */
export function givenConvOutputSize(input: number, window: Window): number {
  checkKind("convOutputSize: input", input, "a number");
  checkOptions("convOutputSize(input, { kernel: ... })", window, WINDOW);
  return convOutputSize(input, window);
}

/**
 * Output size of a transposed convolution:
 * (input - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1.
 * @throws bad-shape when that is less than 1, or when output_padding is not below max(stride, dilation); bad-option for
 * other types
 * @example
 * import { convTransposeOutputSize } from "fcn-webgpu";
 *
 * console.log(convTransposeOutputSize(7, { kernel: 64, stride: 32, padding: 16 })); // prints 224
 */
export function givenConvTransposeOutputSize(input: number, window: TransposedWindow): number {
  checkKind("convTransposeOutputSize: input", input, "a number");
  checkOptions("convTransposeOutputSize(input, { kernel: ... })", window, TRANSPOSED);
  return convTransposeOutputSize(input, window);
}
