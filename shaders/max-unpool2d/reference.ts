/** max-unpool2d as a serial scatter, straight from the definition: the last value written to a place stays. */
import { pair } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import type { Reference } from "../../src/kernel/registry.js";

type Attrs = { kernel: Pair; stride: Pair; padding: Pair; output_h: number; output_w: number };

export const maxUnpool2dReference: Reference<Attrs> = (
  { x, indices },
  { kernel, stride, padding, output_h, output_w },
) => {
  if (!x || !indices) throw new Error("max-unpool2d needs x and indices");
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const size = (input: number, i: 0 | 1): number =>
    (input - 1) * (pair(stride)[i] || pair(kernel)[i]) - 2 * pair(padding)[i] + pair(kernel)[i];
  const oh = output_h || size(h, 0);
  const ow = output_w || size(w, 1);
  const data = new Float64Array(n * c * oh * ow);
  for (let plane = 0; plane < n * c; plane++)
    for (let p = 0; p < h * w; p++) {
      const to = indices.data[plane * h * w + p] as number;
      if (to >= oh * ow) throw new Error(`max-unpool2d: index ${to} is outside ${oh} x ${ow}`);
      data[plane * oh * ow + to] = x.data[plane * h * w + p] as number;
    }
  return { y: { shape: [n, c, oh, ow], data } };
};
