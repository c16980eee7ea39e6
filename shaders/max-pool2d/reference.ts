/** max-pool2d from the definition: every tap tested, -Infinity where it falls outside. */
import { pair } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import type { Reference } from "../../src/kernel/registry.js";

type Attrs = { kernel: Pair; stride: Pair; padding: Pair; dilation: Pair; ceil_mode: boolean; indices: boolean };

/**
 * PyTorch's windows along one axis, counted one by one: those that fit, and with ceil_mode one more that hangs over by
 * less than a stride, if it starts inside the input or its near padding.
 */
function countWindows(size: number, axis: 0 | 1, attrs: Attrs): number {
  const kernel = pair(attrs.kernel)[axis];
  const stride = pair(attrs.stride)[axis] || kernel;
  const padding = pair(attrs.padding)[axis];
  const reach = pair(attrs.dilation)[axis] * (kernel - 1);
  let windows = 0;
  while (windows * stride + reach < size + 2 * padding) windows++;
  const overhang = windows * stride + reach + 1 - (size + 2 * padding);
  const startsInside = windows * stride < size + padding;
  return attrs.ceil_mode && overhang < stride && startsInside ? windows + 1 : windows;
}

export const maxPool2dReference: Reference<Attrs> = ({ x }, attrs) => {
  if (!x) throw new Error("max-pool2d needs x");
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const [kh, kw] = pair(attrs.kernel);
  const sh = pair(attrs.stride)[0] || kh;
  const sw = pair(attrs.stride)[1] || kw;
  const [ph, pw] = pair(attrs.padding);
  const [dh, dw] = pair(attrs.dilation);

  const maximum = (plane: number, oy: number, ox: number): { value: number; index: number } => {
    let value = -Infinity;
    // PyTorch's index of a window with nothing above -Infinity: its first tap that is not above or left of the input.
    let index: number | undefined;
    for (let ky = 0; ky < kh; ky++) {
      for (let kx = 0; kx < kw; kx++) {
        const iy = oy * sh - ph + ky * dh;
        const ix = ox * sw - pw + kx * dw;
        if (iy < 0 || ix < 0) continue;
        index ??= iy * w + ix;
        if (iy >= h || ix >= w) continue;
        const candidate = x.data[(plane * h + iy) * w + ix] as number;
        if (candidate > value || Number.isNaN(candidate)) {
          value = candidate;
          index = iy * w + ix;
        }
      }
    }
    return { value, index: index ?? 0 };
  };

  const oh = countWindows(h, 0, attrs);
  const ow = countWindows(w, 1, attrs);
  const shape = [n, c, oh, ow];
  const data = new Float64Array(n * c * oh * ow);
  const indices = new Uint32Array(data.length);
  let at = 0;
  for (let plane = 0; plane < n * c; plane++) {
    for (let oy = 0; oy < oh; oy++) {
      for (let ox = 0; ox < ow; ox++, at++) {
        const { value, index } = maximum(plane, oy, ox);
        data[at] = value;
        indices[at] = index;
      }
    }
  }
  const y = { shape, data };
  return attrs.indices ? { y, indices: { shape, data: indices } } : { y };
};
