/** sigmoid from the definition. exp(-x) may become infinite: 1 / Infinity is the right result, 0. */
import type { Reference } from "../../src/kernel/registry.js";

export const sigmoidReference: Reference<object> = ({ x }) => {
  if (!x) throw new Error("sigmoid needs x");
  return { y: { shape: x.shape, data: Float64Array.from(x.data, (v) => 1 / (1 + Math.exp(-v))) } };
};
