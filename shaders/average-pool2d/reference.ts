/** average-pool2d from the definition: every tap tested, and counted where it lies in what the divisor counts. */
import { pair } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import type { Reference } from "../../src/kernel/registry.js";

type Attrs = { kernel: Pair; stride: Pair; padding: Pair; ceil_mode: boolean; count_include_pad: boolean };

/**
 * PyTorch's windows along one axis, counted one by one: those that fit, and with ceil_mode one more that hangs over by
 * less than a stride, if it starts inside the input or its near padding.
 */
function countWindows(size: number, axis: 0 | 1, attrs: Attrs): number {
  const kernel = pair(attrs.kernel)[axis];
  const stride = pair(attrs.stride)[axis] || kernel;
  const padding = pair(attrs.padding)[axis];
  let windows = 0;
  while (windows * stride + kernel <= size + 2 * padding) windows++;
  const overhang = windows * stride + kernel - (size + 2 * padding);
  const startsInside = windows * stride < size + padding;
  return attrs.ceil_mode && overhang < stride && startsInside ? windows + 1 : windows;
}

export const averagePool2dReference: Reference<Attrs> = ({ x }, attrs) => {
  if (!x) throw new Error("average-pool2d needs x");
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const [kh, kw] = pair(attrs.kernel);
  const sh = pair(attrs.stride)[0] || kh;
  const sw = pair(attrs.stride)[1] || kw;
  const [ph, pw] = pair(attrs.padding);

  const average = (plane: number, oy: number, ox: number): number => {
    let sum = 0;
    let count = 0;
    for (let iy = oy * sh - ph; iy < oy * sh - ph + kh; iy++) {
      for (let ix = ox * sw - pw; ix < ox * sw - pw + kw; ix++) {
        const isInside = iy >= 0 && ix >= 0 && iy < h && ix < w;
        if (isInside) sum += x.data[(plane * h + iy) * w + ix] as number;
        // Windows start in the near padding at the earliest.
        const isInPadding = !isInside && iy < h + ph && ix < w + pw;
        if (isInside || (attrs.count_include_pad && isInPadding)) count += 1;
      }
    }
    return sum / count;
  };

  const oh = countWindows(h, 0, attrs);
  const ow = countWindows(w, 1, attrs);
  const data = new Float64Array(n * c * oh * ow);
  let at = 0;
  for (let plane = 0; plane < n * c; plane++) {
    for (let oy = 0; oy < oh; oy++) {
      for (let ox = 0; ox < ow; ox++) data[at++] = average(plane, oy, ox);
    }
  }
  return { y: { shape: [n, c, oh, ow], data } };
};
