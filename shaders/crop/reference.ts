/** crop from the definition: row by row. */
import { pair } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import type { Reference } from "../../src/kernel/registry.js";

export const cropReference: Reference<{ size: Pair; offset: Pair }> = ({ x }, { size, offset }) => {
  if (!x) throw new Error("crop needs x");
  const [n, c, xh, xw] = x.shape as [number, number, number, number];
  const [h, w] = pair(size);
  const [top, left] = pair(offset);
  const data = new Float64Array(n * c * h * w);
  let at = 0;
  for (let plane = 0; plane < n * c; plane++) {
    for (let row = 0; row < h; row++) {
      for (let column = 0; column < w; column++) {
        data[at++] = x.data[(plane * xh + top + row) * xw + left + column] as number;
      }
    }
  }
  return { y: { shape: [n, c, h, w], data } };
};
