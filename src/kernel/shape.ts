/**
 * Size arithmetic, pure. The output-size formulas are PyTorch's (torch.nn.Conv2d, ConvTranspose2d); everything else about sizes,
 * the decoder's geometry included, follows from them.
 */
import { badShape } from "../base/errors.js";

export type Shape = readonly number[];

export const elements = (shape: Shape): number => shape.reduce((product, d) => product * d, 1);
export const formatShape = (shape: Shape): string => `[${shape.join(",")}]`;
export const ceilDiv = (a: number, b: number): number => Math.ceil(a / b);
export const alignUp = (value: number, alignment: number): number => Math.ceil(value / alignment) * alignment;

/** Blocks of four channels; the last one is padded with zeros. */
export const blocksOf = (channels: number): number => Math.ceil(channels / 4);

/** One axis of a convolution or pooling window. */
export interface Window {
  readonly kernel: number;
  readonly stride?: number;
  readonly padding?: number;
  readonly dilation?: number;
}

export interface TransposedWindow extends Window {
  /** Rows added at the far end, to tell apart the input sizes that a strided convolution maps to one output. */
  readonly outputPadding?: number;
}

export interface PoolWindow extends Window {
  /** Round the output size up: the last window may hang over the far edge, but starts inside the input or its near padding. */
  readonly ceilMode?: boolean;
}

function checkWindow(op: string, { kernel, stride = 1, padding = 0, dilation = 1 }: Window): Required<Window> {
  const whole = [kernel, stride, padding, dilation].every(Number.isInteger);
  if (!whole || kernel < 1 || stride < 1 || dilation < 1 || padding < 0) {
    throw badShape(
      `${op}: kernel ${kernel}, stride ${stride}, padding ${padding}, dilation ${dilation} must be whole numbers, padding 0 or more and the others 1 or more`,
    );
  }
  return { kernel, stride, padding, dilation };
}

function checkSize(op: string, size: number, what = "input"): void {
  if (!Number.isInteger(size) || size < 1) throw badShape(`${op}: ${what} size ${size} is not a positive whole number`);
}

/**
 * Output size of a convolution or pooling: floor((in + 2p - d(k-1) - 1) / s) + 1.
 * @throws bad-shape when the window does not fit in the padded input
 */
export function convOutputSize(input: number, window: Window): number {
  checkSize("convolution", input);
  const { kernel, stride, padding, dilation } = checkWindow("convolution", window);
  const reach = dilation * (kernel - 1) + 1;
  if (input + 2 * padding < reach) {
    throw badShape(
      `convolution: a window of ${reach} (kernel ${kernel}, dilation ${dilation}) does not fit in ${input} + 2 * ${padding} of padding`,
    );
  }
  return Math.floor((input + 2 * padding - reach) / stride) + 1;
}

/**
 * Output size of a pooling, as torch.nn.MaxPool2d has it.
 * @throws bad-shape as convOutputSize, and when padding is more than half the kernel (a window could see padding only)
 */
export function poolOutputSize(input: number, window: PoolWindow): number {
  const floor = convOutputSize(input, window);
  const { kernel, stride, padding, dilation } = checkWindow("pooling", window);
  if (2 * padding > kernel) throw badShape(`pooling: padding ${padding} is more than half of kernel ${kernel}`);
  if (!window.ceilMode) return floor;
  const ceil = ceilDiv(input + 2 * padding - dilation * (kernel - 1) - 1, stride) + 1;
  return (ceil - 1) * stride >= input + padding ? ceil - 1 : ceil;
}

/**
 * The inverse: the smallest and the largest input that give this output. They differ by stride - 1, which is what
 * output_padding of the transposed convolution chooses between.
 */
export function convInputSizes(output: number, window: Window): { readonly min: number; readonly max: number } {
  checkSize("convolution", output, "output");
  const { kernel, stride, padding, dilation } = checkWindow("convolution", window);
  const min = (output - 1) * stride - 2 * padding + dilation * (kernel - 1) + 1;
  const max = min + stride - 1;
  if (max < 1)
    throw badShape(
      `convolution: no input has output ${output} with kernel ${kernel}, stride ${stride}, padding ${padding}`,
    );
  return { min: Math.max(1, min), max };
}

/**
 * Output size of a transposed convolution: (in - 1)s - 2p + d(k-1) + output_padding + 1.
 * @throws bad-shape when that is less than 1, or output_padding is not below max(stride, dilation)
 */
export function convTransposeOutputSize(input: number, window: TransposedWindow): number {
  checkSize("transposed convolution", input);
  const { kernel, stride, padding, dilation } = checkWindow("transposed convolution", window);
  const { outputPadding = 0 } = window;
  if (!Number.isInteger(outputPadding) || outputPadding < 0 || outputPadding >= Math.max(stride, dilation)) {
    throw badShape(
      `transposed convolution: output_padding ${outputPadding} must be a whole number below max(stride ${stride}, dilation ${dilation})`,
    );
  }
  const output = (input - 1) * stride - 2 * padding + dilation * (kernel - 1) + outputPadding + 1;
  if (output < 1) {
    throw badShape(
      `transposed convolution: input ${input} with kernel ${kernel}, stride ${stride}, padding ${padding} has no output (size ${output})`,
    );
  }
  return output;
}
