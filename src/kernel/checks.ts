/**
 * Checks that the shape rules of several kernels share. Each throws `bad-shape` in one sentence that begins with the
 * kernel's name and holds what it got and what it needs.
 */
import { badShape } from "../base/errors.js";
import { pair } from "./problem.js";
import type { Pair } from "./problem.js";
import { LARGEST, elements, formatShape } from "./shape.js";
import type { Nchw, Shape } from "./shape.js";

/** The four sizes of a convolution's weight. `axes` names them in the message, as `[out, in/groups, kh, kw]`. */
export function weightSizes(kernel: string, weight: Shape, axes: string): readonly [number, number, number, number] {
  if (weight.length !== 4) throw badShape(`${kernel}: weight ${formatShape(weight)} needs 4 dimensions ${axes}`);
  return weight as readonly [number, number, number, number];
}

/** That x has the input channels of the weight. */
export function checkInputChannels(kernel: string, weight: Shape, needed: number, x: Nchw): void {
  if (x[1] === needed) return;
  throw badShape(
    `${kernel}: weight ${formatShape(weight)} needs ${needed} input channels, x ${formatShape(x)} has ${x[1]}`,
  );
}

export interface Grouping {
  readonly groups: number;
  /** Channels on the side of the weight that the groups divide. */
  readonly channels: number;
  readonly side: "input" | "output";
}

/** That the channels fall into so many groups of one size. */
export function checkGroups(kernel: string, weight: Shape, { groups, channels, side }: Grouping): void {
  if (Number.isInteger(groups) && groups >= 1 && channels % groups === 0) return;
  throw badShape(
    `${kernel}: groups ${groups} must divide the ${channels} ${side} channels of weight ${formatShape(weight)}`,
  );
}

/** That a bias, where there is one, has a value for each output channel. */
export function checkBias(kernel: string, bias: Shape | undefined, channels: number, weight: Shape): void {
  if (bias === undefined || elements(bias) === channels) return;
  throw badShape(`${kernel}: bias ${formatShape(bias)} needs ${channels} values for weight ${formatShape(weight)}`);
}

/** That a residual, where there is one, has the shape of the output it is added to. */
export function checkResidual(kernel: string, residual: Nchw | undefined, y: Nchw): void {
  if (residual === undefined || sameShape(residual, y)) return;
  throw badShape(`${kernel}: residual ${formatShape(residual)} needs the output's shape ${formatShape(y)}`);
}

/** That one activation at most is asked for. */
export function checkActivation(
  kernel: string,
  { relu, relu6 }: { readonly relu: boolean; readonly relu6: boolean },
): void {
  if (relu && relu6) throw badShape(`${kernel}: relu and relu6 are both true; leave one of them false`);
}

export const sameShape = (a: Nchw, b: Nchw): boolean => a.every((size, axis) => size === b[axis]);

/** That each of these attributes holds whole numbers, none below its least value or beyond 31 bits. */
export function checkWholeNumbers(
  kernel: string,
  attrs: Readonly<Record<string, Pair>>,
  least: Readonly<Record<string, number>>,
): void {
  for (const [name, value] of Object.entries(attrs)) {
    const lowest = least[name] ?? 0;
    if (!pair(value).every((size) => Number.isInteger(size) && size >= lowest && size <= LARGEST)) {
      const bound = pair(value).some((size) => size > LARGEST) ? `most ${LARGEST}` : `least ${lowest}`;
      throw badShape(`${kernel}: ${name} ${JSON.stringify(value)} needs whole numbers of at ${bound}`);
    }
  }
}

/** That an attribute is one of the words it may be. */
export function checkWord(kernel: string, name: string, value: string, words: readonly string[]): void {
  if (!words.includes(value)) throw badShape(`${kernel}: ${name} "${value}" is not one of ${words.join(", ")}`);
}

/** That an output size was given and is one. */
export function checkOutputSize(kernel: string, height: number, width: number): void {
  if ([height, width].every((size) => Number.isInteger(size) && size > 0)) return;
  throw badShape(`${kernel}: height ${height} and width ${width} need to be positive whole numbers`);
}
