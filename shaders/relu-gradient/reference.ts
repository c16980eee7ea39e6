/** relu-gradient from the definition; comparisons with NaN are false, so its gradient passes. */
import type { Reference } from "../../src/kernel/registry.js";

export const reluGradientReference: Reference<{ relu6: boolean }> = ({ y, dy }, { relu6 }) => {
  if (!y || !dy) throw new Error("relu-gradient needs y and dy");
  const slope = Float64Array.from(dy.data, (value, i) => {
    const at = y.data[i] as number;
    return at <= 0 || (relu6 && at >= 6) ? 0 : value;
  });
  return { dx: { shape: y.shape, data: slope } };
};
