/** The layers of the networks in float64 on the host, for one picture. Plain loops where they are fast enough. */
import { bilinear } from "../../bench/hashed-weights.js";
import { alignUp, elements } from "../../src/kernel/shape.js";

/** A feature map [C, H, W]. */
export interface Feature {
  readonly c: number;
  readonly h: number;
  readonly w: number;
  readonly data: Float64Array;
}

export interface Float64Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export const sum = (values: ArrayLike<number>): number => {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i] as number;
  return total;
};

export interface ConvWindow {
  readonly stride?: number;
  readonly padding?: number;
  readonly dilation?: number;
}

/** Rows of im2col summed in one pass over the output: plain loops would take most of a minute. */
const ROWS_AT_A_TIME = 4;

/** Convolution by a weight [out, in, k, k], by columns (im2col). */
export function convolve(x: Feature, weight: Float64Tensor, bias?: Float32Array, window: ConvWindow = {}): Feature {
  const [outputs = 0, , k = 0] = weight.shape;
  const { stride = 1, padding = 0, dilation = 1 } = window;
  const size = (n: number): number => Math.floor((n + 2 * padding - dilation * (k - 1) - 1) / stride) + 1;
  const [h, w] = [size(x.h), size(x.w)];
  const plane = h * w;
  const depth = elements(weight.shape.slice(1));
  const columns = toColumns(x, k, { stride, padding, dilation }, { h, w });
  const data = new Float64Array(outputs * plane);
  for (let o = 0; o < outputs; o++) {
    const out = data.subarray(o * plane, (o + 1) * plane).fill(bias?.[o] ?? 0);
    for (let row = 0; row < depth; row += ROWS_AT_A_TIME) {
      const tap = (i: number): number => (row + i < depth ? (weight.data[o * depth + row + i] as number) : 0);
      const taps: Taps = [tap(0), tap(1), tap(2), tap(3)];
      addRows(out, columns.subarray(row * plane, (row + ROWS_AT_A_TIME) * plane), taps);
    }
  }
  return { c: outputs, h, w, data };
}

type Taps = readonly [number, number, number, number];

/** Adds four rows, each times its tap. */
function addRows(out: Float64Array, rows: Float64Array, [a, b, c, d]: Taps): void {
  const plane = out.length;
  for (let p = 0; p < plane; p++) {
    const pair = a * (rows[p] as number) + b * (rows[p + plane] as number);
    out[p] = (out[p] as number) + pair + c * (rows[p + 2 * plane] as number) + d * (rows[p + 3 * plane] as number);
  }
}

/** im2col: one row per weight of an output channel, one column per output pixel; padded with rows of zeros. */
function toColumns(
  x: Feature,
  k: number,
  { stride, padding, dilation }: Required<ConvWindow>,
  { h, w }: { readonly h: number; readonly w: number },
): Float64Array {
  const plane = h * w;
  const depth = x.c * k * k;
  const columns = new Float64Array(alignUp(depth, ROWS_AT_A_TIME) * plane);
  for (let r = 0; r < depth; r++) {
    const [i, ky, kx] = [Math.floor(r / (k * k)), Math.floor(r / k) % k, r % k];
    for (let p = 0; p < plane; p++) {
      const row = Math.floor(p / w) * stride - padding + ky * dilation;
      const col = (p % w) * stride - padding + kx * dilation;
      if (row >= 0 && row < x.h && col >= 0 && col < x.w)
        columns[r * plane + p] = x.data[(i * x.h + row) * x.w + col] as number;
    }
  }
  return columns;
}

export interface Norm {
  readonly gain: Float32Array;
  readonly bias: Float32Array;
  readonly mean: Float32Array;
  readonly variance: Float32Array;
}

/** Batch norm, then the shortcut and ReLU. In place. */
export function normalise(x: Feature, { gain, bias, mean, variance }: Norm, relu = true, shortcut?: Feature): Feature {
  const plane = x.h * x.w;
  for (let i = 0; i < x.data.length; i++) {
    const c = Math.floor(i / plane);
    const centred = (x.data[i] as number) - (mean[c] as number);
    const scaled = (centred / Math.sqrt((variance[c] as number) + 1e-5)) * (gain[c] as number);
    const y = scaled + (bias[c] as number) + (shortcut?.data[i] ?? 0);
    x.data[i] = relu ? Math.max(0, y) : y;
  }
  return x;
}

/** 3x3, stride 2, padding 1, over values that are 0 or more. */
export function maxPool(x: Feature): Feature {
  const [h, w] = [Math.ceil(x.h / 2), Math.ceil(x.w / 2)];
  const data = new Float64Array(x.c * h * w);
  data.forEach((_, i) => {
    const [c, y, col] = [Math.floor(i / (h * w)), Math.floor(i / w) % h, i % w];
    for (let yy = Math.max(0, 2 * y - 1); yy < Math.min(x.h, 2 * y + 2); yy++) {
      for (let xx = Math.max(0, 2 * col - 1); xx < Math.min(x.w, 2 * col + 2); xx++)
        data[i] = Math.max(data[i] as number, x.data[(c * x.h + yy) * x.w + xx] as number);
    }
  });
  return { c: x.c, h, w, data };
}

/** A transposed convolution and the crop of its output to [h, w]. */
export interface Upsampling {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly crop: { readonly top: number; readonly left: number };
  readonly h: number;
  readonly w: number;
}

/** Transposed convolution by a dense [C, C, k, k] weight, or per channel by the fixed bilinear kernel. */
export function upsample(x: Feature, weight: Float32Array | undefined, step: Upsampling): Feature {
  const { kernel: k, h, w } = step;
  const fixed = bilinear(k);
  const data = new Float64Array(x.c * h * w);
  const planeOf = (c: number): Float64Array => data.subarray(c * h * w, (c + 1) * h * w);
  for (let i = 0; i < x.c; i++) {
    if (weight === undefined) {
      scatter(x, i, fixed, step, planeOf(i));
      continue;
    }
    for (let o = 0; o < x.c; o++) {
      const taps = weight.subarray((i * x.c + o) * k * k, (i * x.c + o + 1) * k * k);
      scatter(x, i, taps, step, planeOf(o));
    }
  }
  return { c: x.c, h, w, data };
}

/** Adds channel `i` of x, spread by the taps [k, k], to the plane `out`. */
function scatter(
  x: Feature,
  i: number,
  taps: Float32Array | Float64Array,
  { kernel: k, stride, padding, crop, h, w }: Upsampling,
  out: Float64Array,
): void {
  for (let p = 0; p < x.h * x.w; p++) {
    const value = x.data[i * x.h * x.w + p] as number;
    for (let j = 0; j < k * k; j++) {
      const row = Math.floor(p / x.w) * stride - padding + Math.floor(j / k) - crop.top;
      const col = (p % x.w) * stride - padding + (j % k) - crop.left;
      if (row < 0 || row >= h || col < 0 || col >= w) continue;
      out[row * w + col] = (out[row * w + col] as number) + value * (taps[j] as number);
    }
  }
}

/** Bilinear, align_corners=False: centres of pixels, clamped at the edge. */
export function resizeBilinear(x: Feature, h: number, w: number): Feature {
  const tap = (i: number, from: number, to: number): readonly [number, number, number] => {
    const at = Math.max(0, ((i + 0.5) * from) / to - 0.5);
    const low = Math.floor(at);
    return [low, Math.min(low + 1, from - 1), at - low];
  };
  const data = new Float64Array(x.c * h * w);
  data.forEach((_, i) => {
    const channel = Math.floor(i / (h * w));
    const [y0, y1, fy] = tap(Math.floor(i / w) % h, x.h, h);
    const [x0, x1, fx] = tap(i % w, x.w, w);
    const value = (row: number, col: number): number => x.data[(channel * x.h + row) * x.w + col] as number;
    const top = (1 - fx) * value(y0, x0) + fx * value(y0, x1);
    const bottom = (1 - fx) * value(y1, x0) + fx * value(y1, x1);
    data[i] = (1 - fy) * top + fy * bottom;
  });
  return { c: x.c, h, w, data };
}

/** Two maps of one size, joined along their channels. */
export function joinChannels(a: Feature, b: Feature): Feature {
  return { c: a.c + b.c, h: a.h, w: a.w, data: Float64Array.of(...a.data, ...b.data) };
}
