/** resize-argmax in float64: PyTorch's bilinear interpolate, then the first largest value that is a number. */
import { pair } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import type { Reference } from "../../src/kernel/registry.js";

type Size = readonly [input: number, output: number];
type Corner = readonly [low: number, high: number, weight: number];

interface ResizeAttrs {
  readonly height: number;
  readonly width: number;
  readonly stride: number;
  readonly shift: number;
  readonly seen: Pair;
}

/** The positions on both sides of one, and the weight of the second. */
function between(position: number, size: number): Corner {
  const at = Math.min(Math.max(0, position), size - 1);
  const low = Math.floor(at);
  return [low, Math.min(low + 1, size - 1), at - low];
}

/** The input's pixels along an axis that make output i, and their weights. One of weight 0 still passes on its NaN. */
function weightsOf(i: number, [input, output]: Size, attrs: ResizeAttrs, axis: 0 | 1): ReadonlyMap<number, number> {
  const { stride, shift, seen } = attrs;
  const weights = new Map<number, number>();
  const add = (position: number, share: number): void => {
    const [low, high, weight] = between(position, input);
    weights.set(low, (weights.get(low) ?? 0) + share * (1 - weight));
    weights.set(high, (weights.get(high) ?? 0) + share * weight);
  };
  const inMap = (p: number): number => (p + shift + 0.5) / stride - 0.5;
  const seenSize = pair(seen)[axis];
  if (stride === 0) add(((i + 0.5) * input) / output - 0.5, 1);
  else if (seenSize === 0) add(inMap(i), 1);
  else {
    // First between pixels of the map, then of each between pixels of the input.
    const [low, high, weight] = between(((i + 0.5) * seenSize) / output - 0.5, seenSize);
    add(inMap(low), 1 - weight);
    add(inMap(high), weight);
  }
  return weights;
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

export const resizeArgmaxReference: Reference<ResizeAttrs> = ({ x }, attrs) => {
  if (!x) throw new Error("resize-argmax needs x");
  const { height, width } = attrs;
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const across = Array.from({ length: width }, (_, i) => weightsOf(i, [w, width], attrs, 1));
  const data = new Uint32Array(n * height * width);
  let to = 0;
  for (let b = 0; b < n; b++) {
    for (let oy = 0; oy < height; oy++) {
      const down = weightsOf(oy, [h, height], attrs, 0);
      for (const columns of across) {
        data[to++] = argmaxOf(c, (k) => {
          let sum = 0;
          for (const [row, rowWeight] of down) {
            for (const [column, weight] of columns)
              sum += rowWeight * weight * (x.data[((b * c + k) * h + row) * w + column] as number);
          }
          return sum;
        });
      }
    }
  }
  return { y: { shape: [n, 1, height, width], data } };
};
