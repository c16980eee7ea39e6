/** resize-argmax in float64: PyTorch's bilinear interpolate, then the first largest value that is a number. */
import type { Reference } from "../../src/kernel/registry.js";

export const resizeArgmaxReference: Reference<{ height: number; width: number; stride: number }> = (
  { x },
  { height, width, stride },
) => {
  if (!x) throw new Error("resize-argmax needs x");
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const data = new Uint32Array(n * height * width);
  const corner = (i: number, input: number, output: number): readonly [number, number, number] => {
    const at = Math.max(0, stride ? (i + 0.5) / stride - 0.5 : ((i + 0.5) * input) / output - 0.5);
    const low = Math.floor(at);
    return [low, Math.min(low + 1, input - 1), at - low];
  };
  let to = 0;
  for (let b = 0; b < n; b++)
    for (let oy = 0; oy < height; oy++)
      for (let ox = 0; ox < width; ox++, to++) {
        const [y0, y1, fy] = corner(oy, h, height);
        const [x0, x1, fx] = corner(ox, w, width);
        let best: number | undefined;
        for (let k = 0; k < c; k++) {
          const at = (row: number, column: number): number => x.data[((b * c + k) * h + row) * w + column] as number;
          const value =
            (at(y0, x0) * (1 - fx) + at(y0, x1) * fx) * (1 - fy) + (at(y1, x0) * (1 - fx) + at(y1, x1) * fx) * fy;
          if (!Number.isNaN(value) && (best === undefined || value > best)) {
            best = value;
            data[to] = k;
          }
        }
      }
  return { y: { shape: [n, 1, height, width], data } };
};
