/** conv2d in float64, straight from the definition. */
import { pair } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import type { Reference } from "../../src/kernel/registry.js";
import { convOutputSize } from "../../src/kernel/shape.js";

type Attrs = { stride: Pair; padding: Pair; dilation: Pair; groups: number; relu: boolean; relu6?: boolean };

const activated = (sum: number, { relu, relu6 = false }: Attrs): number => {
  if (relu6) return Math.min(Math.max(sum, 0), 6);
  return relu ? Math.max(sum, 0) : sum;
};

export const conv2dReference: Reference<Attrs> = ({ x, weight, bias, residual }, attrs) => {
  if (!x || !weight) throw new Error("conv2d needs x and weight");
  const [n, inC, h, w] = x.shape as [number, number, number, number];
  const [outC, groupIn, kh, kw] = weight.shape as [number, number, number, number];
  const [sh, sw] = pair(attrs.stride);
  const [ph, pw] = pair(attrs.padding);
  const [dh, dw] = pair(attrs.dilation);
  const oh = convOutputSize(h, { kernel: kh, stride: sh, padding: ph, dilation: dh });
  const ow = convOutputSize(w, { kernel: kw, stride: sw, padding: pw, dilation: dw });

  const weightedSum = (b: number, o: number, oy: number, ox: number): number => {
    const firstIn = Math.floor(o / (outC / attrs.groups)) * groupIn;
    let sum = 0;
    for (let c = 0; c < groupIn; c++) {
      for (let ky = 0; ky < kh; ky++) {
        for (let kx = 0; kx < kw; kx++) {
          const iy = oy * sh - ph + ky * dh;
          const ix = ox * sw - pw + kx * dw;
          if (iy < 0 || iy >= h || ix < 0 || ix >= w) continue;
          const value = x.data[((b * inC + firstIn + c) * h + iy) * w + ix] as number;
          sum += value * (weight.data[((o * groupIn + c) * kh + ky) * kw + kx] as number);
        }
      }
    }
    return sum;
  };

  const data = new Float64Array(n * outC * oh * ow);
  let at = 0;
  for (let b = 0; b < n; b++) {
    for (let o = 0; o < outC; o++) {
      for (let oy = 0; oy < oh; oy++) {
        for (let ox = 0; ox < ow; ox++, at++) {
          const sum = weightedSum(b, o, oy, ox) + Number(bias?.data[o] ?? 0) + Number(residual?.data[at] ?? 0);
          data[at] = activated(sum, attrs);
        }
      }
    }
  }
  return { y: { shape: [n, outC, oh, ow], data } };
};
