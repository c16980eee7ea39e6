/** Windows over rows and columns, as convolutions and poolings slide them. */
import { badShape } from "../base/errors.js";
import { pair, u32 } from "./problem.js";
import type { Pair } from "./problem.js";
import { ceilPoolOutputSize, convOutputSize, formatShape } from "./shape.js";
import type { Nchw, Window } from "./shape.js";

/** 0: rows; 1: columns. */
export type Axis = 0 | 1;

/** What messages call the steps along an axis. */
export const axisName = (axis: Axis): string => (axis === 0 ? "rows" : "columns");

export interface Window2d {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
}

/** The window along one axis. */
export function windowAlong(axis: Axis, { kernel, stride, padding, dilation }: Window2d): Required<Window> {
  return {
    kernel: pair(kernel)[axis],
    stride: pair(stride)[axis],
    padding: pair(padding)[axis],
    dilation: pair(dilation)[axis],
  };
}

/** The pipeline constants of a window without dilation. */
export const windowConstants = ({ kernel, stride, padding }: Omit<Window2d, "dilation">) => ({
  KERNEL_H: pair(kernel)[0],
  KERNEL_W: pair(kernel)[1],
  STRIDE_H: pair(stride)[0],
  STRIDE_W: pair(stride)[1],
  PAD_H: pair(padding)[0],
  PAD_W: pair(padding)[1],
});

/** The uniforms of a window without dilation. */
export const windowUniforms = ({ kernel, stride, padding }: Omit<Window2d, "dilation">) => ({
  kernel_h: u32(pair(kernel)[0]),
  kernel_w: u32(pair(kernel)[1]),
  stride_h: u32(pair(stride)[0]),
  stride_w: u32(pair(stride)[1]),
  pad_h: u32(pair(padding)[0]),
  pad_w: u32(pair(padding)[1]),
});

/** The pipeline constants of a dilated window. */
export const dilatedWindowConstants = (window: Window2d) => ({
  ...windowConstants(window),
  DILATION_H: pair(window.dilation)[0],
  DILATION_W: pair(window.dilation)[1],
});

/** The stride of a pooling, where 0 stands for the kernel's size, axis by axis. */
export function poolStride(kernel: Pair, stride: Pair): Pair {
  return [pair(stride)[0] || pair(kernel)[0], pair(stride)[1] || pair(kernel)[1]];
}

export interface PoolAttrs extends Window2d {
  readonly ceil_mode: boolean;
}

/** Rows or columns of a pooling's output. @throws bad-shape when padding is too large, or no window fits */
export function pooledSize(pooling: string, axis: Axis, x: Nchw, attrs: PoolAttrs): number {
  const window = windowAlong(axis, { ...attrs, stride: poolStride(attrs.kernel, attrs.stride) });
  const { kernel, stride, padding, dilation } = window;
  const halfKernel = Math.floor(kernel / 2);
  if (padding > halfKernel) {
    const needed = `at most half the kernel: ${halfKernel} for ${kernel}`;
    throw badShape(`${pooling}: padding ${padding} of the ${axisName(axis)} needs to be ${needed}`);
  }
  const input = x[2 + axis] as number;
  const span = dilation * (kernel - 1) + 1;
  const overhang = attrs.ceil_mode ? stride - 1 : 0;
  const least = Math.max(1, span - 2 * padding - overhang);
  if (input < least) {
    const got = `x ${formatShape(x)} has ${input} ${axisName(axis)}`;
    throw badShape(`${pooling}: ${got}, a window of ${span} with padding ${padding} needs at least ${least}`);
  }
  return attrs.ceil_mode ? ceilPoolOutputSize(input, window) : convOutputSize(input, window);
}

export const isUndilated = (dilation: Pair): boolean => pair(dilation).every((step) => step === 1);
