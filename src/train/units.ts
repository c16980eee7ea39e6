/**
 * Units in which an optimiser counts its steps: one for each output channel of a weight. A batch norm that is folded
 * into its convolution gives channels that differ a hundredfold in size, and one rate for all would destroy the small
 * ones. Where the norm is known, the unit is its factor gamma / sqrt(var + eps): the step is then that of the
 * convolution before it was folded, as in PyTorch with a frozen norm. Where only folded weights are known, the unit is
 * the root mean square of the channel. Adam divides it by the root of the inputs of an output: it steps all of them by
 * the rate, and they move the output together.
 */
import type { Weight } from "../kernel/weight.js";
import type { Factors } from "../weights/fold-checkpoint.js";
import type { OptimizerOptions } from "./optimizer.js";

/** The values of a weight's unit, [out]. Undefined: 1 everywhere. */
export type UnitOf = (weight: Weight) => Promise<Float32Array | undefined>;

interface UnitOptions {
  readonly optimizer: OptimizerOptions["kind"];
  /** All trained weights: the unit of a bias is known from the weight beside it. */
  readonly weights: Iterable<Weight>;
  /** Of the norms that are folded into weights and biases, by the names of these. */
  readonly factors: Factors;
  /** Whether a weight is new: its values tell no unit yet. */
  readonly isNew: (name: string) => boolean;
}

/** The least unit of a channel, over the largest factor of its layer or over the root mean square of its layer. */
const LEAST_FACTOR = 1e-6;
const LEAST_SIZE = 1e-3;

export function channelUnits({ optimizer, weights, factors, isNew }: UnitOptions): UnitOf {
  const known = new Map([...weights].map((weight) => [weight.name, weight]));
  return async (weight) => {
    const { name } = weight;
    if (isNew(name)) return undefined;
    const isBias = weight.shape.length === 1;
    const main = isBias ? known.get(name.replace(/\.bias$/, ".weight")) : weight;
    if (!main || (isBias && main === weight)) return undefined;
    const [channels = 1] = main.shape;
    const values = await main.read();
    const inputs = values.length / channels;
    const factor = await factors.get(name)?.();
    const size = factor ? factorUnits(factor) : sizeUnits(values, channels);
    if (!size) return undefined;
    // A bias moves an output as much as all of its inputs together.
    const forBias = factor ? 1 : Math.sqrt(inputs);
    const forWeight = optimizer === "adamw" ? 1 / Math.sqrt(inputs) : 1;
    const scale = isBias ? forBias : forWeight;
    return Float32Array.from(size, (unit) => unit * scale);
  };
}

/** Undefined where all factors are zero. */
function factorUnits(factors: Float64Array): Float64Array | undefined {
  const sizes = factors.map(Math.abs);
  const largest = sizes.reduce((most, size) => Math.max(most, size), 0);
  return largest > 0 ? sizes.map((size) => Math.max(size, LEAST_FACTOR * largest)) : undefined;
}

/** Root mean squares of the channels. Undefined where all values are zero, as those of untrained scores are. */
function sizeUnits(values: Float32Array, channels: number): Float64Array | undefined {
  const inputs = values.length / channels;
  const sizeOf = (part: Float32Array): number => Math.sqrt(part.reduce((sum, v) => sum + v * v, 0) / part.length);
  const whole = sizeOf(values);
  if (whole === 0) return undefined;
  return Float64Array.from({ length: channels }, (_, channel) =>
    Math.max(sizeOf(values.subarray(channel * inputs, (channel + 1) * inputs)), LEAST_SIZE * whole),
  );
}
