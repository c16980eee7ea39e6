/** convert keeps the values; f16 rounding is in the tolerance of the dtype. */
import type { Reference } from "../../src/kernel.js";

export const convertReference: Reference<{ from: string; to: string }> = ({ x }) => {
  if (!x) throw new Error("convert needs x");
  return { y: x };
};
