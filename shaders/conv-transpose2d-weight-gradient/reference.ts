/**
 * conv-transpose2d-weight-gradient in float64: every input pixel adds to all the weights that spread it, window by
 * window.
 */
import { pixelsPerSplit } from "../../src/kernel/gradients.js";
import { pair } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import type { Reference } from "../../src/kernel/registry.js";
import type { Nchw } from "../../src/kernel/shape.js";

type Attrs = { kernel: Pair; stride: Pair; padding: Pair; groups: number; crop_offset: Pair; splits: number };

export const convTranspose2dWeightGradientReference: Reference<Attrs> = ({ x, dy }, attrs) => {
  if (!x || !dy) throw new Error("conv-transpose2d-weight-gradient needs x and dy");
  const [n, inC, h, w] = x.shape as Nchw;
  const [, outC, oh, ow] = dy.shape as Nchw;
  const groupOut = outC / attrs.groups;
  const [kh, kw] = pair(attrs.kernel);
  const [sh, sw] = pair(attrs.stride);
  const [ph, pw] = pair(attrs.padding);
  const [top, left] = pair(attrs.crop_offset);
  const perSplit = pixelsPerSplit(x.shape as Nchw, attrs.splits);
  const data = new Float64Array(attrs.splits * inC * groupOut * kh * kw);

  /** What one value of x adds to the weights from `first` on, which lead to the outputs from `firstOut` on. */
  const add = (value: number, first: number, b: number, firstOut: number, y: number, x0: number): void => {
    for (let o = 0; o < groupOut; o++) {
      for (let ky = 0; ky < kh; ky++) {
        for (let kx = 0; kx < kw; kx++) {
          const [oy, ox] = [y + ky, x0 + kx];
          if (oy < 0 || oy >= oh || ox < 0 || ox >= ow) continue;
          const at = ((first + o) * kh + ky) * kw + kx;
          const from = ((b * outC + firstOut + o) * oh + oy) * ow + ox;
          data[at] = (data[at] as number) + value * (dy.data[from] as number);
        }
      }
    }
  };
  for (let pixel = 0; pixel < n * h * w; pixel++) {
    const b = Math.floor(pixel / (h * w));
    const [iy, ix] = [Math.floor(pixel / w) % h, pixel % w];
    const split = Math.floor(pixel / perSplit);
    for (let c = 0; c < inC; c++) {
      const value = x.data[((b * inC + c) * h + iy) * w + ix] as number;
      const firstOut = Math.floor(c / (inC / attrs.groups)) * groupOut;
      add(value, (split * inC + c) * groupOut, b, firstOut, iy * sh - ph - top, ix * sw - pw - left);
    }
  }
  return { parts: { shape: [attrs.splits * inC, groupOut, kh, kw], data } };
};
