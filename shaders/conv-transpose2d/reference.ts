/**
 * conv-transpose2d in float64: every input scatters its window, then the crop. The kernels gather instead, which is the
 * opposite order.
 */
import { pair } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import type { HostTensor, Reference } from "../../src/kernel/registry.js";
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

interface Planes {
  readonly data: Float64Array;
  readonly height: number;
  readonly width: number;
}

/** The whole result, before crop, bias and residual. */
function scattered(x: HostTensor, weight: HostTensor, attrs: Attrs): Planes {
  const [n, inC, h, w] = x.shape as [number, number, number, number];
  const [, groupOut, kh, kw] = weight.shape as [number, number, number, number];
  const outC = groupOut * attrs.groups;
  const [sh, sw] = pair(attrs.stride);
  const [ph, pw] = pair(attrs.padding);
  const [dh, dw] = pair(attrs.dilation);
  const [oph, opw] = pair(attrs.output_padding);
  const height = convTransposeOutputSize(h, { kernel: kh, stride: sh, padding: ph, dilation: dh, outputPadding: oph });
  const width = convTransposeOutputSize(w, { kernel: kw, stride: sw, padding: pw, dilation: dw, outputPadding: opw });
  const data = new Float64Array(n * outC * height * width);

  const scatter = (b: number, c: number, iy: number, ix: number): void => {
    const value = x.data[((b * inC + c) * h + iy) * w + ix] as number;
    const firstOut = Math.floor(c / (inC / attrs.groups)) * groupOut;
    for (let o = 0; o < groupOut; o++) {
      for (let ky = 0; ky < kh; ky++) {
        for (let kx = 0; kx < kw; kx++) {
          const oy = iy * sh - ph + ky * dh;
          const ox = ix * sw - pw + kx * dw;
          if (oy < 0 || oy >= height || ox < 0 || ox >= width) continue;
          const at = ((b * outC + firstOut + o) * height + oy) * width + ox;
          const product = value * (weight.data[((c * groupOut + o) * kh + ky) * kw + kx] as number);
          data[at] = (data[at] as number) + product;
        }
      }
    }
  };
  for (let b = 0; b < n; b++) {
    for (let c = 0; c < inC; c++) {
      for (let iy = 0; iy < h; iy++) {
        for (let ix = 0; ix < w; ix++) scatter(b, c, iy, ix);
      }
    }
  }
  return { data, height, width };
}

export const convTranspose2dReference: Reference<Attrs> = ({ x, weight, bias, residual }, attrs) => {
  if (!x || !weight) throw new Error("conv-transpose2d needs x and weight");
  const full = scattered(x, weight, attrs);
  const n = x.shape[0] as number;
  const outC = (weight.shape[1] as number) * attrs.groups;
  const [top, left] = pair(attrs.crop_offset);
  const oh = pair(attrs.crop)[0] || full.height - top;
  const ow = pair(attrs.crop)[1] || full.width - left;
  const data = new Float64Array(n * outC * oh * ow);
  let at = 0;
  for (let plane = 0; plane < n * outC; plane++) {
    for (let oy = 0; oy < oh; oy++) {
      for (let ox = 0; ox < ow; ox++, at++) {
        const sum = full.data[(plane * full.height + oy + top) * full.width + ox + left] as number;
        data[at] = sum + Number(bias?.data[plane % outC] ?? 0) + Number(residual?.data[at] ?? 0);
      }
    }
  }
  return { y: { shape: [n, outC, oh, ow], data } };
};
