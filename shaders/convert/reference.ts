/**
 * convert keeps the values. f16 holds at most 65,504, so what exceeds that saturates. The rounding to f16 is within the
 * tolerance for f16.
 */
import type { Reference } from "../../src/kernel/registry.js";

const MAX_F16 = 65504;

export const convertReference: Reference<{ from: string; to: string }> = ({ x }, { to }) => {
  if (!x) throw new Error("convert needs x");
  if (to !== "nhwc4-f16") return { y: x };
  const data = Array.from(x.data, (value) => Math.min(Math.max(value, -MAX_F16), MAX_F16));
  return { y: { shape: x.shape, data } };
};
