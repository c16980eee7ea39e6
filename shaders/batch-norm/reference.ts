/** batch-norm in float64, straight from the definition. */
import type { Reference } from "../../src/kernel/registry.js";

export const batchNormReference: Reference<{ eps: number }> = (
  { x, weight, bias, running_mean, running_var },
  { eps },
) => {
  if (!x || !weight || !bias || !running_mean || !running_var) {
    throw new Error("batch-norm needs x, weight, bias, running_mean and running_var");
  }
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const data = new Float64Array(n * c * h * w);
  for (let b = 0; b < n; b++) {
    for (let k = 0; k < c; k++) {
      const mean = running_mean.data[k] as number;
      const deviation = Math.sqrt((running_var.data[k] as number) + eps);
      for (let p = 0; p < h * w; p++) {
        const at = (b * c + k) * h * w + p;
        const normalised = ((x.data[at] as number) - mean) / deviation;
        data[at] = normalised * (weight.data[k] as number) + (bias.data[k] as number);
      }
    }
  }
  return { y: { shape: [n, c, h, w], data } };
};
