/** What the kernels that compute gradients of convolutions share: checks of their shapes, and the splits of a sum. */
import { badShape } from "../base/errors.js";
import { pixelsOf } from "./feature-map.js";
import { pair } from "./problem.js";
import type { Pair } from "./problem.js";
import { ceilDiv, convOutputSize, convTransposeOutputSize, formatShape } from "./shape.js";
import type { Nchw } from "./shape.js";
import { axisName, windowAlong } from "./window.js";
import type { Axis, Window2d } from "./window.js";

const AXES: readonly Axis[] = [0, 1];

/** That dy has as many batch items as x. */
export function checkSameBatch(kernel: string, x: Nchw, dy: Nchw): void {
  if (x[0] === dy[0]) return;
  throw badShape(`${kernel}: dy ${formatShape(dy)} needs the batch of x ${formatShape(x)}`);
}

/** That dy has the channels that the forward pass gave. */
export function checkGradientChannels(kernel: string, dy: Nchw, needed: number, weight: readonly number[]): void {
  if (dy[1] === needed) return;
  throw badShape(`${kernel}: weight ${formatShape(weight)} needs ${needed} channels of dy ${formatShape(dy)}`);
}

/** That a convolution of x gives a map of dy's size. */
export function checkConvGradient(kernel: string, x: Nchw, dy: Nchw, window: Window2d): void {
  for (const axis of AXES) {
    const [size, got] = [x[2 + axis] as number, dy[2 + axis] as number];
    const made = convOutputSize(size, windowAlong(axis, window));
    if (made !== got) {
      const name = axisName(axis);
      throw badShape(`${kernel}: ${size} ${name} of x give ${made} ${name}, dy ${formatShape(dy)} has ${got}`);
    }
  }
}

/** The geometry of a transposed convolution without dilation, and where the crop of its result begins. */
export interface TransposedGeometry {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly crop_offset: Pair;
}

/** That a map of dy's size can be cropped from a transposed convolution of x. */
export function checkTransposedGradient(kernel: string, x: Nchw, dy: Nchw, geometry: TransposedGeometry): void {
  for (const axis of AXES) {
    const [size, got] = [x[2 + axis] as number, dy[2 + axis] as number];
    const offset = pair(geometry.crop_offset)[axis];
    const window = windowAlong(axis, { ...geometry, dilation: 1 });
    const most = convTransposeOutputSize(size, { ...window, outputPadding: window.stride - 1 });
    if (!Number.isInteger(offset) || offset < 0 || offset + got > most) {
      const made = `${size} ${axisName(axis)} of x give at most ${most}`;
      throw badShape(`${kernel}: ${made}, dy ${formatShape(dy)} has ${got} from crop_offset ${offset} on`);
    }
  }
}

/** That a tensor, where there is one, has the shape of the gradient that it is added to or masks. */
export function checkGradientShape(kernel: string, name: string, tensor: Nchw | undefined, dx: Nchw): void {
  if (tensor === undefined || tensor.every((size, axis) => size === dx[axis])) return;
  throw badShape(`${kernel}: ${name} ${formatShape(tensor)} needs the shape of dx ${formatShape(dx)}`);
}

/** Pixels of the batch that each split of a sum takes. The last one may take fewer, or none. */
export const pixelsPerSplit = (map: Nchw, splits: number): number => ceilDiv(pixelsOf(map), splits);
