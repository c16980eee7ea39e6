/** max-pool2d from the definition: every tap tested, -Infinity where it falls outside. */
import { pair } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import type { Reference } from "../../src/kernel/registry.js";

type Attrs = { kernel: Pair; stride: Pair; padding: Pair; dilation: Pair; ceil_mode: boolean; indices: boolean };

export const maxPool2dReference: Reference<Attrs> = (
  { x },
  { kernel, stride, padding, dilation, ceil_mode, indices },
) => {
  if (!x) throw new Error("max-pool2d needs x");
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const [kh, kw] = pair(kernel);
  const [sh, sw] = [pair(stride)[0] || kh, pair(stride)[1] || kw];
  const [ph, pw] = pair(padding);
  const [dh, dw] = pair(dilation);
  /** PyTorch's windows, one by one: whole ones; with ceil_mode also one that overhangs by less than a stride, if it starts inside. */
  const count = (size: number, k: number, s: number, p: number, d: number): number => {
    let windows = 0;
    while (windows * s + d * (k - 1) < size + 2 * p) windows++;
    const overhang = windows * s + d * (k - 1) + 1 - (size + 2 * p);
    return ceil_mode && overhang < s && windows * s < size + p ? windows + 1 : windows;
  };
  const oh = count(h, kh, sh, ph, dh);
  const ow = count(w, kw, sw, pw, dw);
  const shape = [n, c, oh, ow];
  const data = new Float64Array(n * c * oh * ow);
  const from = new Uint32Array(data.length);
  let at = 0;
  for (let plane = 0; plane < n * c; plane++)
    for (let oy = 0; oy < oh; oy++)
      for (let ox = 0; ox < ow; ox++, at++) {
        let best = -Infinity;
        let first = true;
        for (let ky = 0; ky < kh; ky++)
          for (let kx = 0; kx < kw; kx++) {
            const iy = oy * sh - ph + ky * dh;
            const ix = ox * sw - pw + kx * dw;
            // PyTorch's index of a window without any value above -Infinity: its first tap that is not above or left of the input.
            if (iy >= 0 && ix >= 0 && first) {
              from[at] = iy * w + ix;
              first = false;
            }
            if (iy < 0 || iy >= h || ix < 0 || ix >= w) continue;
            const value = x.data[(plane * h + iy) * w + ix] as number;
            if (value > best || Number.isNaN(value)) {
              best = value;
              from[at] = iy * w + ix;
            }
          }
        data[at] = best;
      }
  return indices ? { y: { shape, data }, indices: { shape, data: from } } : { y: { shape, data } };
};
