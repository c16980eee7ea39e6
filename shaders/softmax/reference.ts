/** softmax over channels in float64. */
import type { Reference } from "../../src/kernel/registry.js";

export const softmaxReference: Reference<object> = ({ x }) => {
  if (!x) throw new Error("softmax needs x");
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const data = new Float64Array(n * c * h * w);
  for (let b = 0; b < n; b++) {
    for (let p = 0; p < h * w; p++) {
      const at = (k: number): number => (b * c + k) * h * w + p;
      let peak = -Infinity;
      for (let k = 0; k < c; k++) peak = Math.max(peak, x.data[at(k)] as number);
      let sum = 0;
      for (let k = 0; k < c; k++) sum += Math.exp((x.data[at(k)] as number) - peak);
      for (let k = 0; k < c; k++) data[at(k)] = Math.exp((x.data[at(k)] as number) - peak) / sum;
    }
  }
  return { y: { shape: [n, c, h, w], data } };
};
