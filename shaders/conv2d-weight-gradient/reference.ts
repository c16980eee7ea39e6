/** conv2d-weight-gradient in float64: every output pixel adds to all the weights that it met. */
import { pixelsPerSplit } from "../../src/kernel/gradients.js";
import { pair } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import type { Reference } from "../../src/kernel/registry.js";
import type { Nchw } from "../../src/kernel/shape.js";

type Attrs = { kernel: Pair; stride: Pair; padding: Pair; dilation: Pair; splits: number };

export const conv2dWeightGradientReference: Reference<Attrs> = ({ x, dy }, attrs) => {
  if (!x || !dy) throw new Error("conv2d-weight-gradient needs x and dy");
  const [, inC, h, w] = x.shape as Nchw;
  const [n, outC, oh, ow] = dy.shape as Nchw;
  const [kh, kw] = pair(attrs.kernel);
  const [sh, sw] = pair(attrs.stride);
  const [ph, pw] = pair(attrs.padding);
  const [dh, dw] = pair(attrs.dilation);
  const perSplit = pixelsPerSplit(dy.shape as Nchw, attrs.splits);
  const data = new Float64Array(attrs.splits * outC * inC * kh * kw);

  /** What one value of dy adds: at (top, left) its window begins. */
  const add = (value: number, first: number, b: number, top: number, left: number): void => {
    for (let c = 0; c < inC; c++) {
      for (let ky = 0; ky < kh; ky++) {
        for (let kx = 0; kx < kw; kx++) {
          const iy = top + ky * dh;
          const ix = left + kx * dw;
          if (iy < 0 || iy >= h || ix < 0 || ix >= w) continue;
          const at = ((first + c) * kh + ky) * kw + kx;
          data[at] = (data[at] as number) + value * (x.data[((b * inC + c) * h + iy) * w + ix] as number);
        }
      }
    }
  };
  for (let pixel = 0; pixel < n * oh * ow; pixel++) {
    const b = Math.floor(pixel / (oh * ow));
    const [oy, ox] = [Math.floor(pixel / ow) % oh, pixel % ow];
    const split = Math.floor(pixel / perSplit);
    for (let o = 0; o < outC; o++) {
      const value = dy.data[((b * outC + o) * oh + oy) * ow + ox] as number;
      add(value, (split * outC + o) * inC, b, oy * sh - ph, ox * sw - pw);
    }
  }
  return { parts: { shape: [attrs.splits * outC, inC, kh, kw], data } };
};
