/** leaky-relu from the definition; NaN < 0 is false, so NaN stays. */
import type { Reference } from "../../src/kernel/registry.js";

export const leakyReluReference: Reference<{ slope: number }> = ({ x }, { slope }) => {
  if (!x) throw new Error("leaky-relu needs x");
  return { y: { shape: x.shape, data: Float64Array.from(x.data, (v) => (v < 0 ? slope * v : v)) } };
};
