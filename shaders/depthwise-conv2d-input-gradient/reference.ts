/** depthwise-conv2d-input-gradient in float64, as a serial scatter of dy through every tap of its window. */
import { pair } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import type { Reference } from "../../src/kernel/registry.js";

type Attrs = { stride: Pair; padding: Pair; dilation: Pair; height: number; width: number };

export const depthwiseConv2dInputGradientReference: Reference<Attrs> = ({ dy, weight }, attrs) => {
  if (!dy || !weight) throw new Error("depthwise-conv2d-input-gradient needs dy and weight");
  const { height, width } = attrs;
  const [n, channels, oh, ow] = dy.shape as [number, number, number, number];
  const [, , kh, kw] = weight.shape as [number, number, number, number];
  const [sh, sw] = pair(attrs.stride);
  const [ph, pw] = pair(attrs.padding);
  const [dh, dw] = pair(attrs.dilation);
  const data = new Float64Array(n * channels * height * width);

  for (let i = 0; i < dy.data.length; i++) {
    const ox = i % ow;
    const oy = Math.floor(i / ow) % oh;
    const plane = Math.floor(i / (oh * ow));
    for (let tap = 0; tap < kh * kw; tap++) {
      const iy = oy * sh - ph + Math.floor(tap / kw) * dh;
      const ix = ox * sw - pw + (tap % kw) * dw;
      if (iy < 0 || iy >= height || ix < 0 || ix >= width) continue;
      const at = (plane * height + iy) * width + ix;
      const w = weight.data[(plane % channels) * kh * kw + tap] as number;
      data[at] = (data[at] as number) + (dy.data[i] as number) * w;
    }
  }
  return { dx: { shape: [n, channels, height, width], data } };
};
