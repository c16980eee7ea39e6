/** resize in float64, from the formulas of PyTorch's interpolate. */
import type { Reference } from "../../src/kernel/registry.js";

type Attrs = { mode: string; align_corners: boolean; height: number; width: number };

export const resizeReference: Reference<Attrs> = ({ x }, { mode, align_corners, height, width }) => {
  if (!x) throw new Error("resize needs x");
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const data = new Float64Array(n * c * height * width);
  /** The pixels on both sides of a position and the weight of the second. */
  const corner = (i: number, input: number, output: number): readonly [number, number, number] => {
    if (mode === "nearest") return [Math.floor((i * input) / output), Math.floor((i * input) / output), 0];
    const aligned = output > 1 ? (i * (input - 1)) / (output - 1) : 0;
    const at = align_corners ? aligned : Math.max(0, ((i + 0.5) * input) / output - 0.5);
    const low = Math.floor(at);
    return [low, Math.min(low + 1, input - 1), at - low];
  };
  let to = 0;
  for (let plane = 0; plane < n * c; plane++)
    for (let oy = 0; oy < height; oy++)
      for (let ox = 0; ox < width; ox++, to++) {
        const [y0, y1, fy] = corner(oy, h, height);
        const [x0, x1, fx] = corner(ox, w, width);
        const at = (row: number, column: number): number => x.data[(plane * h + row) * w + column] as number;
        if (mode === "nearest") data[to] = at(y0, x0);
        else
          data[to] =
            (at(y0, x0) * (1 - fx) + at(y0, x1) * fx) * (1 - fy) + (at(y1, x0) * (1 - fx) + at(y1, x1) * fx) * fy;
      }
  return { y: { shape: [n, c, height, width], data } };
};
