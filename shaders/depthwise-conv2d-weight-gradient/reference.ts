/** depthwise-conv2d-weight-gradient in float64, straight from the definition. */
import { pair } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import type { Reference } from "../../src/kernel/registry.js";

type Attrs = { kernel: Pair; stride: Pair; padding: Pair; dilation: Pair; splits: number };

export const depthwiseConv2dWeightGradientReference: Reference<Attrs> = ({ x, dy }, attrs) => {
  if (!x || !dy) throw new Error("depthwise-conv2d-weight-gradient needs x and dy");
  const [, channels, h, w] = x.shape as [number, number, number, number];
  const [n, , oh, ow] = dy.shape as [number, number, number, number];
  const [kh, kw] = pair(attrs.kernel);
  const [sh, sw] = pair(attrs.stride);
  const [ph, pw] = pair(attrs.padding);
  const [dh, dw] = pair(attrs.dilation);
  const span = Math.ceil((n * oh) / attrs.splits);
  const data = new Float64Array(attrs.splits * channels * kh * kw);

  for (let i = 0; i < dy.data.length; i++) {
    const ox = i % ow;
    const oy = Math.floor(i / ow) % oh;
    const plane = Math.floor(i / (oh * ow));
    const split = Math.floor((Math.floor(plane / channels) * oh + oy) / span);
    for (let tap = 0; tap < kh * kw; tap++) {
      const iy = oy * sh - ph + Math.floor(tap / kw) * dh;
      const ix = ox * sw - pw + (tap % kw) * dw;
      if (iy < 0 || iy >= h || ix < 0 || ix >= w) continue;
      const at = (split * channels + (plane % channels)) * kh * kw + tap;
      const value = x.data[(plane * h + iy) * w + ix] as number;
      data[at] = (data[at] as number) + value * (dy.data[i] as number);
    }
  }
  return { parts: { shape: [attrs.splits * channels, 1, kh, kw], data } };
};
