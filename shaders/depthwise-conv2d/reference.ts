/** depthwise-conv2d in float64, straight from the definition. */
import { pair } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import type { Reference } from "../../src/kernel/registry.js";

type Attrs = { stride: Pair; padding: Pair; dilation: Pair; relu: boolean; relu6: boolean };

/** Positions of a window of so many taps along one axis, counted one by one. */
function countWindows(size: number, taps: number, axis: 0 | 1, { stride, padding, dilation }: Attrs): number {
  let windows = 0;
  while (windows * pair(stride)[axis] + (taps - 1) * pair(dilation)[axis] < size + 2 * pair(padding)[axis]) windows++;
  return windows;
}

export const depthwiseConv2dReference: Reference<Attrs> = ({ x, weight, bias }, attrs) => {
  if (!x || !weight) throw new Error("depthwise-conv2d needs x and weight");
  const [n, channels, h, w] = x.shape as [number, number, number, number];
  const [, , kh, kw] = weight.shape as [number, number, number, number];
  const [sh, sw] = pair(attrs.stride);
  const [ph, pw] = pair(attrs.padding);
  const [dh, dw] = pair(attrs.dilation);
  const oh = countWindows(h, kh, 0, attrs);
  const ow = countWindows(w, kw, 1, attrs);

  const convolved = (b: number, c: number, oy: number, ox: number): number => {
    let sum = 0;
    for (let ky = 0; ky < kh; ky++) {
      for (let kx = 0; kx < kw; kx++) {
        const iy = oy * sh - ph + ky * dh;
        const ix = ox * sw - pw + kx * dw;
        if (iy < 0 || iy >= h || ix < 0 || ix >= w) continue;
        const value = x.data[((b * channels + c) * h + iy) * w + ix] as number;
        sum += value * (weight.data[(c * kh + ky) * kw + kx] as number);
      }
    }
    return sum;
  };

  const data = new Float64Array(n * channels * oh * ow);
  let at = 0;
  for (let b = 0; b < n; b++) {
    for (let c = 0; c < channels; c++) {
      for (let oy = 0; oy < oh; oy++) {
        for (let ox = 0; ox < ow; ox++) {
          let value = convolved(b, c, oy, ox) + Number(bias?.data[c] ?? 0);
          if ((attrs.relu || attrs.relu6) && value < 0) value = 0;
          if (attrs.relu6 && value > 6) value = 6;
          data[at++] = value;
        }
      }
    }
  }
  return { y: { shape: [n, channels, oh, ow], data } };
};
