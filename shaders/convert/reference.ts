/** convert keeps the values, within what f16 holds; its rounding is in the tolerance of the dtype. */
import type { Reference } from "../../src/kernel/registry.js";

export const convertReference: Reference<{ from: string; to: string }> = ({ x }, { to }) => {
  if (!x) throw new Error("convert needs x");
  const held = (v: number): number => Math.min(Math.max(v, -65504), 65504);
  return { y: to === "nhwc4-f16" ? { shape: x.shape, data: Array.from(x.data, held) } : x };
};
