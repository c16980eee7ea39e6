/** Windows over rows and columns, as convolutions and poolings slide them. */
import { pair } from "./problem.js";
import type { Pair } from "./problem.js";
import type { Window } from "./shape.js";

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

export const isUndilated = (dilation: Pair): boolean => pair(dilation).every((step) => step === 1);
