/** conv-transpose2d in float64: every input scatters its window, then the crop. The opposite order of the kernels' gather. */
import { pair } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import type { Reference } from "../../src/kernel/registry.js";
import { convTransposeOutputSize } from "../../src/kernel/shape.js";

type Attrs = {
  stride: Pair;
  padding: Pair;
  output_padding: Pair;
  dilation: Pair;
  groups: number;
  crop: Pair;
  crop_offset: Pair;
};

export const convTranspose2dReference: Reference<Attrs> = ({ x, weight, bias, residual }, attrs) => {
  if (!x || !weight) throw new Error("conv-transpose2d needs x and weight");
  const [n, inC, h, w] = x.shape as [number, number, number, number];
  const [, groupOut, kh, kw] = weight.shape as [number, number, number, number];
  const { groups } = attrs;
  const outC = groupOut * groups;
  const [sh, sw] = pair(attrs.stride);
  const [ph, pw] = pair(attrs.padding);
  const [dh, dw] = pair(attrs.dilation);
  const [oph, opw] = pair(attrs.output_padding);
  const fullH = convTransposeOutputSize(h, { kernel: kh, stride: sh, padding: ph, dilation: dh, outputPadding: oph });
  const fullW = convTransposeOutputSize(w, { kernel: kw, stride: sw, padding: pw, dilation: dw, outputPadding: opw });
  const full = new Float64Array(n * outC * fullH * fullW);
  for (let b = 0; b < n; b++)
    for (let c = 0; c < inC; c++)
      for (let iy = 0; iy < h; iy++)
        for (let ix = 0; ix < w; ix++) {
          const value = x.data[((b * inC + c) * h + iy) * w + ix] as number;
          for (let o = 0; o < groupOut; o++)
            for (let ky = 0; ky < kh; ky++)
              for (let kx = 0; kx < kw; kx++) {
                const oy = iy * sh - ph + ky * dh;
                const ox = ix * sw - pw + kx * dw;
                if (oy < 0 || oy >= fullH || ox < 0 || ox >= fullW) continue;
                const channel = Math.floor(c / (inC / groups)) * groupOut + o;
                const at = ((b * outC + channel) * fullH + oy) * fullW + ox;
                full[at] =
                  (full[at] as number) + value * (weight.data[((c * groupOut + o) * kh + ky) * kw + kx] as number);
              }
        }
  const [top, left] = pair(attrs.crop_offset);
  const oh = pair(attrs.crop)[0] || fullH - top;
  const ow = pair(attrs.crop)[1] || fullW - left;
  const data = new Float64Array(n * outC * oh * ow);
  let at = 0;
  for (let plane = 0; plane < n * outC; plane++)
    for (let oy = 0; oy < oh; oy++)
      for (let ox = 0; ox < ow; ox++, at++) {
        const sum = full[(plane * fullH + oy + top) * fullW + ox + left] as number;
        data[at] = sum + Number(bias?.data[plane % outC] ?? 0) + Number(residual?.data[at] ?? 0);
      }
  return { y: { shape: [n, outC, oh, ow], data } };
};
