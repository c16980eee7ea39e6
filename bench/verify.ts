/** What benchmarks run kernels on, and whether the results are right. */
import { seeded } from "../src/base/random.js";
import type { HostTensor, KernelCase } from "../src/kernel/registry.js";
import { elements } from "../src/kernel/shape.js";
import type { Precision } from "../src/kernel/variant.js";
import type { TrialOutput } from "./trial.js";

const SEED = 12345;

/** Largest normalised root mean square error of a result, by how it is stored. */
const TOLERANCE: Readonly<Record<Precision, number>> = { f32: 1e-5, f16: 2e-3 };

/** Integers may differ in this share of places: ties that rounding decides. */
const UNEQUAL_INTEGERS = 1e-4;

/** Outputs of the reference. */
export interface Expected {
  readonly values: Readonly<Record<string, HostTensor>>;
  /** For a sub-problem: the index of each of its values in the full output. */
  readonly places?: Readonly<Record<string, readonly number[]>>;
}

/** Seeded inputs, the same on every machine: uniform in [-1, 1) where the case does not say otherwise. */
export function inputsOf({ shapes, fill }: KernelCase): Record<string, HostTensor> {
  const random = seeded(SEED);
  return Object.fromEntries(
    Object.entries(shapes).map(([key, shape]) => {
      const value = fill?.[key] ?? (() => random() * 2 - 1);
      return [key, { shape, data: new Float32Array(elements(shape)).map((_, i) => value(i, random)) }];
    }),
  );
}

/** Which output is wrong and how, as "y is off the reference by ..."; undefined when all are right. */
export function wrongOutput(
  outputs: Readonly<Record<string, TrialOutput>>,
  { values, places }: Expected,
  precision: Precision,
): string | undefined {
  for (const [key, { data }] of Object.entries(values)) {
    const output = outputs[key];
    const own = places?.[key]?.map((place) => output?.values[place] as number) ?? output?.values ?? [];
    const isInteger = output?.dtype === "u8" || output?.dtype === "u32";
    const isHalf = precision === "f16" || output?.dtype === "f16";
    const fault = difference(own, data, isInteger, TOLERANCE[isHalf ? "f16" : "f32"]);
    if (fault !== undefined) return `${key} is ${fault}`;
  }
  return undefined;
}

/** How a result differs from the reference, if it does. A NaN where the reference has none always does. */
export function difference(
  got: ArrayLike<number>,
  wanted: ArrayLike<number>,
  integers: boolean,
  tolerance: number,
): string | undefined {
  if (got.length !== wanted.length) return `${got.length} values, the reference has ${wanted.length}`;
  let squaredError = 0;
  let squaredSize = 0;
  let unequal = 0;
  for (let i = 0; i < wanted.length; i++) {
    const [a, b] = [got[i] as number, wanted[i] as number];
    if (a !== b) unequal++;
    if (a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
    squaredError += (a - b) ** 2;
    squaredSize += b ** 2;
  }
  if (integers) {
    if (unequal <= wanted.length * UNEQUAL_INTEGERS) return undefined;
    return `${unequal} of ${wanted.length} values differ from the reference`;
  }
  const relative = Math.sqrt(squaredError / (squaredSize || 1));
  if (relative <= tolerance) return undefined;
  return `off the reference by ${relative.toExponential(1)} of its size, allowed is ${tolerance.toExponential(0)}`;
}
