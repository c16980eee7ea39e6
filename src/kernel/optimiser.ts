/** What the kernels of optimisers share. They step a parameter in layout nchw, four values per thread. */
import { badShape } from "../base/errors.js";
import { sameShape } from "./checks.js";
import { sizeOf } from "./layout.js";
import { ceilDiv, formatShape } from "./shape.js";
import type { Nchw } from "./shape.js";

/** Groups of four values. */
export const quadsOf = (shape: Nchw): number => ceilDiv(sizeOf(shape), 4);

/** Values of an output channel. */
export const valuesPerChannel = (shape: Nchw): number => sizeOf(shape) / shape[0];

/** The shape of `rates`. */
const RATES: Nchw = [1, 4, 1, 1];

/**
 * That the state has the weight's shape, `rates` its own, and `unit` a value for each output channel.
 * @throws bad-shape
 */
export function checkStep(
  kernel: string,
  weight: Nchw,
  state: Readonly<Record<string, Nchw>>,
  rates: Nchw,
  unit: Nchw | undefined,
): void {
  for (const [name, shape] of Object.entries(state)) {
    if (!sameShape(shape, weight))
      throw badShape(`${kernel}: ${name} ${formatShape(shape)} needs the weight's shape ${formatShape(weight)}`);
  }
  if (!sameShape(rates, RATES)) throw badShape(`${kernel}: rates ${formatShape(rates)} needs ${formatShape(RATES)}`);
  if (unit && sizeOf(unit) !== weight[0])
    throw badShape(`${kernel}: unit ${formatShape(unit)} needs ${weight[0]} values for weight ${formatShape(weight)}`);
}
