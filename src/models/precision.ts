/** How a model stores activations and weights: what may be asked for, and what that is on a device. */
import { FcnError } from "../errors.js";
import type { DeviceTraits, Precision } from "../kernel.js";

/** "auto" is f16 on devices with tensor cores that the kernels can use, and f32 elsewhere. */
export const PRECISIONS = ["f32", "f16", "auto"] as const;
export type PrecisionOption = (typeof PRECISIONS)[number];

/** @throws bad-option */
export function checkPrecision(precision: PrecisionOption): PrecisionOption {
  if (!PRECISIONS.includes(precision)) throw new FcnError("bad-option", `precision "${String(precision)}" is not one of ${PRECISIONS.join(", ")}`);
  return precision;
}

export function precisionOn({ subgroupMatrix }: DeviceTraits, asked: PrecisionOption): Precision {
  if (asked !== "auto") return asked;
  return subgroupMatrix === undefined ? "f32" : "f16";
}
