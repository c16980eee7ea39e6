/** normalize in float64. */
import { pair } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import type { Reference } from "../../src/kernel/registry.js";

/** The pixels on both sides of a position, and the weight of the second. */
function corner(position: number, size: number): readonly [low: number, high: number, weight: number] {
  const at = Math.max(position, 0);
  const low = Math.min(Math.floor(at), size - 1);
  return [low, Math.min(low + 1, size - 1), at - low];
}

interface NormalizeAttrs {
  readonly height: number;
  readonly width: number;
  readonly padded: Pair;
}

export const normalizeReference: Reference<NormalizeAttrs> = ({ image, mean, std }, { height, width, padded }) => {
  if (!image || !mean || !std) throw new Error("normalize needs image, mean and std");
  const [n, , h, w] = image.shape as [number, number, number, number];
  const oh = height || h;
  const ow = width || w;
  const [ph, pw] = [pair(padded)[0] || oh, pair(padded)[1] || ow];

  const resized = (b: number, c: number, y: number, x: number): number => {
    const [y0, y1, fy] = corner(((y + 0.5) * h) / oh - 0.5, h);
    const [x0, x1, fx] = corner(((x + 0.5) * w) / ow - 0.5, w);
    const at = (row: number, column: number): number => image.data[((b * 4 + c) * h + row) * w + column] as number;
    const top = at(y0, x0) * (1 - fx) + at(y0, x1) * fx;
    const bottom = at(y1, x0) * (1 - fx) + at(y1, x1) * fx;
    return top * (1 - fy) + bottom * fy;
  };

  const data = new Float64Array(n * 3 * ph * pw);
  for (let b = 0; b < n; b++) {
    for (let c = 0; c < 3; c++) {
      for (let y = 0; y < oh; y++) {
        for (let x = 0; x < ow; x++) {
          const centred = resized(b, c, y, x) / 255 - (mean.data[c] as number);
          data[((b * 3 + c) * ph + y) * pw + x] = centred / (std.data[c] as number);
        }
      }
    }
  }
  return { y: { shape: [n, 3, ph, pw], data } };
};
