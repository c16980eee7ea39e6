/**
 * conv-transpose2d-input-gradient in float64: every value of dy goes back to the input pixels that reached it. The
 * kernels gather over windows instead.
 */
import { pair } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import type { Reference } from "../../src/kernel/registry.js";
import type { Nchw } from "../../src/kernel/shape.js";

type Attrs = { stride: Pair; padding: Pair; groups: number; crop_offset: Pair; height: number; width: number };

export const convTranspose2dInputGradientReference: Reference<Attrs> = ({ dy, weight }, attrs) => {
  if (!dy || !weight) throw new Error("conv-transpose2d-input-gradient needs dy and weight");
  const [n, outC, oh, ow] = dy.shape as Nchw;
  const [inC, groupOut, kh, kw] = weight.shape as Nchw;
  const { groups, height: h, width: w } = attrs;
  const groupIn = inC / groups;
  const [sh, sw] = pair(attrs.stride);
  const [ph, pw] = pair(attrs.padding);
  const [top, left] = pair(attrs.crop_offset);
  const data = new Float64Array(n * inC * h * w);

  const giveBack = (value: number, b: number, o: number, ty: number, tx: number): void => {
    const firstIn = Math.floor(o / groupOut) * groupIn;
    for (let c = firstIn; c < firstIn + groupIn; c++) {
      for (let ky = 0; ky < kh; ky++) {
        for (let kx = 0; kx < kw; kx++) {
          const iy = (ty - ky) / sh;
          const ix = (tx - kx) / sw;
          if (!Number.isInteger(iy) || !Number.isInteger(ix) || iy < 0 || iy >= h || ix < 0 || ix >= w) continue;
          const at = ((b * inC + c) * h + iy) * w + ix;
          const from = ((c * groupOut + (o % groupOut)) * kh + ky) * kw + kx;
          data[at] = (data[at] as number) + value * (weight.data[from] as number);
        }
      }
    }
  };
  let from = 0;
  for (let b = 0; b < n; b++) {
    for (let o = 0; o < outC; o++) {
      for (let oy = 0; oy < oh; oy++) {
        for (let ox = 0; ox < ow; ox++) giveBack(dy.data[from++] as number, b, o, oy + ph + top, ox + pw + left);
      }
    }
  }
  return { dx: { shape: [n, inC, h, w], data } };
};
