/** conv2d-input-gradient in float64: every value of dy scatters over its window. The kernels gather instead. */
import { pair } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import type { Reference } from "../../src/kernel/registry.js";

type Attrs = { stride: Pair; padding: Pair; dilation: Pair; height: number; width: number };

export const conv2dInputGradientReference: Reference<Attrs> = ({ dy, weight, mask, residual }, attrs) => {
  if (!dy || !weight) throw new Error("conv2d-input-gradient needs dy and weight");
  const [n, outC, oh, ow] = dy.shape as [number, number, number, number];
  const [, inC, kh, kw] = weight.shape as [number, number, number, number];
  const { height: h, width: w } = attrs;
  const [sh, sw] = pair(attrs.stride);
  const [ph, pw] = pair(attrs.padding);
  const [dh, dw] = pair(attrs.dilation);
  const data = new Float64Array(n * inC * h * w);

  const scatter = (value: number, b: number, o: number, top: number, left: number): void => {
    for (let c = 0; c < inC; c++) {
      for (let ky = 0; ky < kh; ky++) {
        for (let kx = 0; kx < kw; kx++) {
          const iy = top + ky * dh;
          const ix = left + kx * dw;
          if (iy < 0 || iy >= h || ix < 0 || ix >= w) continue;
          const at = ((b * inC + c) * h + iy) * w + ix;
          data[at] = (data[at] as number) + value * (weight.data[((o * inC + c) * kh + ky) * kw + kx] as number);
        }
      }
    }
  };
  let from = 0;
  for (let b = 0; b < n; b++) {
    for (let o = 0; o < outC; o++) {
      for (let oy = 0; oy < oh; oy++) {
        for (let ox = 0; ox < ow; ox++) scatter(dy.data[from++] as number, b, o, oy * sh - ph, ox * sw - pw);
      }
    }
  }
  const dx = data.map((sum, i) => {
    const isMasked = mask !== undefined && (mask.data[i] as number) <= 0;
    return isMasked ? 0 : sum + Number(residual?.data[i] ?? 0);
  });
  return { dx: { shape: [n, inC, h, w], data: dx } };
};
