/** global-average-pool from the definition, in float64. */
import type { Reference } from "../../src/kernel/registry.js";

export const globalAveragePoolReference: Reference<{ sum: boolean }> = ({ x }, attrs) => {
  if (!x) throw new Error("global-average-pool needs x");
  const [n, channels, h, w] = x.shape as [number, number, number, number];
  const data = new Float64Array(n * channels);
  for (let plane = 0; plane < data.length; plane++) {
    let sum = 0;
    for (let pixel = 0; pixel < h * w; pixel++) sum += x.data[plane * h * w + pixel] as number;
    data[plane] = attrs.sum ? sum : sum / (h * w);
  }
  return { y: { shape: [n, channels, 1, 1], data } };
};
