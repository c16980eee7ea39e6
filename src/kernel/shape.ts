/**
 * Arithmetic of shapes and sizes. The output-size formulas are those of torch.nn.Conv2d, MaxPool2d and ConvTranspose2d.
 * The decoder's geometry (layers/geometry.ts) follows from them.
 */
import { badShape } from "../base/errors.js";

/** Sizes of an array, outermost first. */
export type Shape = readonly number[];

/** Batch, channels, rows, columns: [N, C, H, W]. */
export type Nchw = readonly [number, number, number, number];

/** Number of elements; 1 for an empty shape. */
export const elements = (shape: Shape): number => shape.reduce((product, d) => product * d, 1);
export const formatShape = (shape: Shape): string => `[${shape.join(",")}]`;
export const ceilDiv = (a: number, b: number): number => Math.ceil(a / b);
export const alignUp = (value: number, alignment: number): number => Math.ceil(value / alignment) * alignment;

/**
 * Blocks of four channels, in which layouts such as "nhwc4" keep them. The last one is padded with zeros.
 * @example
 * import { blocksOf } from "fcn-webgpu/kernels";
 *
 * console.log(blocksOf(21)); // prints 6
 */
export const blocksOf = (channels: number): number => Math.ceil(channels / 4);

/** One axis of a convolution or pooling window. Defaults: stride 1, padding 0, dilation 1. */
export interface Window {
  /** Rows (or columns) of the window. */
  readonly kernel: number;
  /** Rows from one window to the next. Default 1. */
  readonly stride?: number;
  /** Rows of zeros on each side of the input. Default 0. */
  readonly padding?: number;
  /** Rows from one tap of the window to the next. Default 1. */
  readonly dilation?: number;
}

/** One axis of a transposed convolution's window. */
export interface TransposedWindow extends Window {
  /**
   * Rows added at the far end. A strided convolution maps several input sizes to one output; this chooses among them.
   * Default 0.
   */
  readonly outputPadding?: number;
}

/** One axis of a pooling's window. */
export interface PoolWindow extends Window {
  /**
   * Rounds the output size up. The last window may then hang over the far edge, but it starts inside the padded input.
   */
  readonly ceilMode?: boolean;
}

/** Shaders compute positions in 32 bits with a sign. */
export const LARGEST = 2 ** 31 - 1;

function checkWindow(op: string, { kernel, stride = 1, padding = 0, dilation = 1 }: Window): Required<Window> {
  const areWhole = [kernel, stride, padding, dilation].every(Number.isInteger);
  const most = Math.max(kernel, stride, padding, dilation);
  if (!areWhole || kernel < 1 || stride < 1 || dilation < 1 || padding < 0 || most > LARGEST) {
    throw badShape(
      `${op}: kernel ${kernel}, stride ${stride}, padding ${padding}, dilation ${dilation} must be whole numbers ` +
        `up to ${LARGEST}, padding 0 or more and the others 1 or more`,
    );
  }
  return { kernel, stride, padding, dilation };
}

function checkSize(op: string, size: number, what = "input"): void {
  if (!Number.isInteger(size) || size < 1) throw badShape(`${op}: ${what} size ${size} is not a positive whole number`);
}

/** Rows that a window covers, the gaps of its dilation included. */
const spanOf = (kernel: number, dilation: number): number => dilation * (kernel - 1) + 1;

/**
 * Output size of a convolution: floor((input + 2 padding - dilation (kernel - 1) - 1) / stride) + 1.
 * @throws bad-shape when the window does not fit in the padded input
 */
export function convOutputSize(input: number, window: Window): number {
  checkSize("convolution", input);
  const { kernel, stride, padding, dilation } = checkWindow("convolution", window);
  const span = spanOf(kernel, dilation);
  if (input + 2 * padding < span) {
    throw badShape(
      `convolution: a window of ${span} (kernel ${kernel}, dilation ${dilation}) does not fit in ` +
        `${input} + 2 * ${padding} of padding`,
    );
  }
  return Math.floor((input + 2 * padding - span) / stride) + 1;
}

/**
 * Output size of torch.nn.MaxPool2d. With ceilMode a window may be larger than the padded input, by less than a stride.
 * @throws bad-shape as convOutputSize, and when padding is more than half the kernel (a window could lie in the padding
 * alone)
 */
export function poolOutputSize(input: number, window: PoolWindow): number {
  const checked = checkWindow("pooling", window);
  const { kernel, padding } = checked;
  if (2 * padding > kernel) throw badShape(`pooling: padding ${padding} is more than half of kernel ${kernel}`);
  if (!window.ceilMode) return convOutputSize(input, window);
  checkSize("pooling", input);
  const output = ceilPoolOutputSize(input, checked);
  if (output < 1) {
    const fit = `does not fit in ${input} + 2 * ${padding} of padding, nor does it with ${checked.stride - 1} more`;
    throw badShape(`pooling: a window of ${spanOf(kernel, checked.dilation)} ${fit}`);
  }
  return output;
}

/** Output size of a pooling in ceil mode. A last window that would start in the far padding is dropped. */
export function ceilPoolOutputSize(input: number, { kernel, stride, padding, dilation }: Required<Window>): number {
  const roundedUp = ceilDiv(input + 2 * padding - spanOf(kernel, dilation), stride) + 1;
  const lastStart = (roundedUp - 1) * stride;
  return lastStart >= input + padding ? roundedUp - 1 : roundedUp;
}

/**
 * The smallest and the largest input whose convolution has this output size. They differ by stride - 1. The
 * output_padding of a transposed convolution chooses between them.
 * @throws bad-shape when there is no such input
 */
export function convInputSizes(output: number, window: Window): { readonly min: number; readonly max: number } {
  checkSize("convolution", output, "output");
  const { kernel, stride, padding, dilation } = checkWindow("convolution", window);
  const min = (output - 1) * stride - 2 * padding + spanOf(kernel, dilation);
  const max = min + stride - 1;
  if (max < 1) {
    throw badShape(
      `convolution: no input has output ${output} with kernel ${kernel}, stride ${stride}, padding ${padding}`,
    );
  }
  return { min: Math.max(1, min), max };
}

/**
 * Output size of a transposed convolution:
 * (input - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1.
 * @throws bad-shape when that is less than 1, or when output_padding is not below max(stride, dilation)
 */
export function convTransposeOutputSize(input: number, window: TransposedWindow): number {
  checkSize("transposed convolution", input);
  const { kernel, stride, padding, dilation } = checkWindow("transposed convolution", window);
  const { outputPadding = 0 } = window;
  if (!Number.isInteger(outputPadding) || outputPadding < 0 || outputPadding >= Math.max(stride, dilation)) {
    throw badShape(
      `transposed convolution: output_padding ${outputPadding} must be a whole number below ` +
        `max(stride ${stride}, dilation ${dilation})`,
    );
  }
  const output = (input - 1) * stride - 2 * padding + spanOf(kernel, dilation) + outputPadding;
  if (output < 1) {
    throw badShape(
      `transposed convolution: input ${input} with kernel ${kernel}, stride ${stride}, padding ${padding} ` +
        `has no output (size ${output})`,
    );
  }
  return output;
}
