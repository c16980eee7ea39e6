/** add in float64: crop at top left, then add. */
import type { Reference } from "../../src/kernel/registry.js";

export const addReference: Reference<{ relu: boolean }> = ({ x, skip }, { relu }) => {
  if (!x || !skip) throw new Error("add needs x and skip");
  const [n, c, h, w] = skip.shape as [number, number, number, number];
  const [, , xh, xw] = x.shape as [number, number, number, number];
  const data = new Float64Array(n * c * h * w);
  let at = 0;
  for (let plane = 0; plane < n * c; plane++) {
    for (let row = 0; row < h; row++) {
      for (let column = 0; column < w; column++, at++) {
        const sum = (x.data[(plane * xh + row) * xw + column] as number) + (skip.data[at] as number);
        data[at] = relu && sum < 0 ? 0 : sum;
      }
    }
  }
  return { y: { shape: [n, c, h, w], data } };
};
