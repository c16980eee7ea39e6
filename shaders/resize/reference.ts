/** resize in float64, from the formulas of PyTorch's interpolate. */
import type { Reference } from "../../src/kernel/registry.js";

type Attrs = { mode: string; align_corners: boolean; height: number; width: number };
type Corner = readonly [low: number, high: number, weight: number];

/** The pixels on both sides of a position, and the weight of the second. */
function corner(i: number, input: number, output: number, { mode, align_corners }: Attrs): Corner {
  if (mode === "nearest") {
    const nearest = Math.floor((i * input) / output);
    return [nearest, nearest, 0];
  }
  const aligned = output > 1 ? (i * (input - 1)) / (output - 1) : 0;
  const at = align_corners ? aligned : Math.max(0, ((i + 0.5) * input) / output - 0.5);
  const low = Math.floor(at);
  return [low, Math.min(low + 1, input - 1), at - low];
}

export const resizeReference: Reference<Attrs> = ({ x }, attrs) => {
  if (!x) throw new Error("resize needs x");
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const { height, width } = attrs;
  const data = new Float64Array(n * c * height * width);
  let to = 0;
  for (let plane = 0; plane < n * c; plane++) {
    const at = (row: number, column: number): number => x.data[(plane * h + row) * w + column] as number;
    for (let oy = 0; oy < height; oy++) {
      const [y0, y1, fy] = corner(oy, h, height, attrs);
      for (let ox = 0; ox < width; ox++, to++) {
        const [x0, x1, fx] = corner(ox, w, width, attrs);
        const top = at(y0, x0) * (1 - fx) + at(y0, x1) * fx;
        const bottom = at(y1, x0) * (1 - fx) + at(y1, x1) * fx;
        data[to] = attrs.mode === "nearest" ? at(y0, x0) : top * (1 - fy) + bottom * fy;
      }
    }
  }
  return { y: { shape: [n, c, height, width], data } };
};
