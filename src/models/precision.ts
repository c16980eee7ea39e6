/** How a model stores activations and weights: what a caller may ask for, and what a device gets. */
import type { DeviceTraits, Precision } from "../kernel/variant.js";

/** "auto" is f16 on devices with tensor cores that the kernels can use, and f32 elsewhere. */
export const PRECISIONS = ["f32", "f16", "auto"] as const;
/** What callers ask for: a precision, or "auto", which is f16 where there are tensor cores. */
export type PrecisionOption = (typeof PRECISIONS)[number];

export function precisionOn({ subgroupMatrix }: DeviceTraits, asked: PrecisionOption): Precision {
  if (asked !== "auto") return asked;
  return subgroupMatrix === undefined ? "f32" : "f16";
}
