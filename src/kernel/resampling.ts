/**
 * Positions of output pixels in a resized input, in integers: output i lies at max(i * step + offset, 0) / over pixels
 * of the input. Integers make every adapter take the same pixels, and the weights right to the last bit at any size.
 */
import { badShape } from "../base/errors.js";
import { i32 } from "./problem.js";
import { formatShape } from "./shape.js";
import type { Nchw } from "./shape.js";
import { axisName } from "./window.js";
import type { Axis } from "./window.js";

/** Positions along one axis. */
export interface Positions {
  readonly step: number;
  readonly offset: number;
  readonly over: number;
}

/**
 * Positions with half-pixel centres: (i + 1/2) * in / out - 1/2. Where the size stays, they are written in numbers that
 * stay small at any size.
 */
export const halfPixelPositions = (input: number, output: number): Positions =>
  input === output ? { step: 1, offset: 0, over: 1 } : { step: 2 * input, offset: input - output, over: 2 * output };

/** The uniforms that carry positions. */
export const positionParams = (rows: Positions, columns: Positions) => ({
  step_h: i32(rows.step),
  step_w: i32(columns.step),
  offset_h: i32(rows.offset),
  offset_w: i32(columns.offset),
  over_h: i32(rows.over),
  over_w: i32(columns.over),
});

/** Positions go up to 2 * in * out, which must fit in an i32. */
const MAX_PRODUCT = 2 ** 30;

/** That positions from a map to this size fit in an i32. `name` is the kernel's and the map's. @throws bad-shape */
export function checkPositions(name: string, x: Nchw, height: number, width: number): void {
  const check = (axis: Axis, from: number, to: number): void => {
    if (from * to < MAX_PRODUCT) return;
    const product = `${from} * ${to} = ${from * to}`;
    throw badShape(`${name} ${formatShape(x)} to ${to} ${axisName(axis)}: ${product} needs to be below ${MAX_PRODUCT}`);
  };
  check(0, x[2], height);
  check(1, x[3], width);
}
