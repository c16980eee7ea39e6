/** channel-sum from the definition: each pixel of the batch is added to the part that its number falls into. */
import type { Reference } from "../../src/kernel/registry.js";

export const channelSumReference: Reference<{ splits: number }> = ({ dy }, { splits }) => {
  if (!dy) throw new Error("channel-sum needs dy");
  const [n, c, h, w] = dy.shape as [number, number, number, number];
  const span = Math.ceil((n * h * w) / splits);
  const data = new Float64Array(splits * c);
  for (let pixel = 0; pixel < n * h * w; pixel++) {
    const item = Math.floor(pixel / (h * w));
    for (let k = 0; k < c; k++) {
      const at = Math.floor(pixel / span) * c + k;
      data[at] = (data[at] as number) + (dy.data[(item * c + k) * h * w + (pixel % (h * w))] as number);
    }
  }
  return { parts: { shape: [splits, c, 1, 1], data } };
};
