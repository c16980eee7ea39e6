/** slice-channels from the definition. */
import type { Reference } from "../../src/kernel/registry.js";

export const sliceChannelsReference: Reference<{ first: number; count: number }> = ({ x }, { first, count }) => {
  if (!x) throw new Error("slice-channels needs x");
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const values: number[] = [];
  for (let item = 0; item < n; item++) {
    for (let channel = first; channel < first + count; channel++) {
      for (let i = 0; i < h * w; i++) values.push(x.data[(item * c + channel) * h * w + i] as number);
    }
  }
  return { y: { shape: [n, count, h, w], data: values } };
};
