/** max-unpool2d as a serial scatter, straight from the definition: the last value written to a pixel stays. */
import { pair } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import type { Reference } from "../../src/kernel/registry.js";

type Attrs = { kernel: Pair; stride: Pair; padding: Pair; output_h: number; output_w: number };

function defaultSize(input: number, axis: 0 | 1, { kernel, stride, padding }: Attrs): number {
  const step = pair(stride)[axis] || pair(kernel)[axis];
  return (input - 1) * step - 2 * pair(padding)[axis] + pair(kernel)[axis];
}

export const maxUnpool2dReference: Reference<Attrs> = ({ x, indices }, attrs) => {
  if (!x || !indices) throw new Error("max-unpool2d needs x and indices");
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const oh = attrs.output_h || defaultSize(h, 0, attrs);
  const ow = attrs.output_w || defaultSize(w, 1, attrs);
  const data = new Float64Array(n * c * oh * ow);
  for (let plane = 0; plane < n * c; plane++) {
    for (let p = 0; p < h * w; p++) {
      const to = indices.data[plane * h * w + p] as number;
      if (to >= oh * ow) throw new Error(`max-unpool2d: index ${to} is outside ${oh} x ${ow}`);
      data[plane * oh * ow + to] = x.data[plane * h * w + p] as number;
    }
  }
  return { y: { shape: [n, c, oh, ow], data } };
};
