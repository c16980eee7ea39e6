/** resize-argmax in float64: PyTorch's bilinear interpolate, then the first largest value that is a number. */
import type { Reference } from "../../src/kernel/registry.js";

type Corner = readonly [low: number, high: number, weight: number];

/** The pixels on both sides of a position, and the weight of the second. */
function corner(i: number, input: number, output: number, stride: number): Corner {
  const position = stride > 0 ? (i + 0.5) / stride - 0.5 : ((i + 0.5) * input) / output - 0.5;
  const at = Math.max(0, position);
  const low = Math.floor(at);
  return [low, Math.min(low + 1, input - 1), at - low];
}

/** Index of the first largest value that is a number; 0 where there is none. */
function argmaxOf(count: number, valueOf: (index: number) => number): number {
  let label = 0;
  let best: number | undefined;
  for (let k = 0; k < count; k++) {
    const value = valueOf(k);
    if (!Number.isNaN(value) && (best === undefined || value > best)) {
      best = value;
      label = k;
    }
  }
  return label;
}

export const resizeArgmaxReference: Reference<{ height: number; width: number; stride: number }> = (
  { x },
  { height, width, stride },
) => {
  if (!x) throw new Error("resize-argmax needs x");
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const data = new Uint32Array(n * height * width);
  let to = 0;
  for (let b = 0; b < n; b++) {
    for (let oy = 0; oy < height; oy++) {
      const [y0, y1, fy] = corner(oy, h, height, stride);
      for (let ox = 0; ox < width; ox++, to++) {
        const [x0, x1, fx] = corner(ox, w, width, stride);
        data[to] = argmaxOf(c, (k) => {
          const at = (row: number, column: number): number => x.data[((b * c + k) * h + row) * w + column] as number;
          const top = at(y0, x0) * (1 - fx) + at(y0, x1) * fx;
          const bottom = at(y1, x0) * (1 - fx) + at(y1, x1) * fx;
          return top * (1 - fy) + bottom * fy;
        });
      }
    }
  }
  return { y: { shape: [n, 1, height, width], data } };
};
