/** argmax from the definition: the first largest value that is a number. */
import type { Reference } from "../../src/kernel/registry.js";

export const argmaxReference: Reference<{ dtype: string }> = ({ x }) => {
  if (!x) throw new Error("argmax needs x");
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const data = new Uint32Array(n * h * w);
  for (let b = 0; b < n; b++) {
    for (let p = 0; p < h * w; p++) {
      let best: number | undefined;
      for (let k = 0; k < c; k++) {
        const value = x.data[(b * c + k) * h * w + p] as number;
        if (!Number.isNaN(value) && (best === undefined || value > best)) {
          best = value;
          data[b * h * w + p] = k;
        }
      }
    }
  }
  return { y: { shape: [n, 1, h, w], data } };
};
