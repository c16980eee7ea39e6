/** Pictures and label maps at other sizes, for figures. Networks get their pictures from shrink.ts. Browser-safe. */
import { toRgba } from "./picture.js";
import type { Picture, PictureSize, RgbaPicture } from "./picture.js";

/** The source pixels under one output pixel along one axis. */
interface Cover {
  readonly first: number;
  /** Share of the output pixel that each of them fills, from `first` on; they sum to 1. */
  readonly weights: Float64Array;
}

/** Rounding errors below this do not make an output pixel reach into the next source pixel. */
const TOLERANCE = 1e-9;

/** What each of `size` output pixels covers of `source` pixels. */
function coversOf(size: number, source: number): Cover[] {
  return Array.from({ length: size }, (_, i) => {
    const start = (i * source) / size;
    const end = ((i + 1) * source) / size;
    const first = Math.floor(start);
    const last = Math.max(first, Math.min(source, Math.ceil(end - TOLERANCE)) - 1);
    const weights = new Float64Array(last - first + 1);
    for (let k = 0; k < weights.length; k++) {
      const pixel = first + k;
      weights[k] = (Math.min(pixel + 1, end) - Math.max(pixel, start)) / (end - start);
    }
    return { first, weights };
  });
}

/** A smaller picture averages the area that each new pixel covers, a larger one repeats pixels. */
export function scaled(picture: Picture, width: number, height: number): RgbaPicture {
  const from = toRgba(picture);
  if (from.width === width && from.height === height) return from;
  return { width, height, data: scaleRows(scaleColumns(from, width), width, from.height, height), channels: 4 };
}

/** The picture at another width. Plain loops: photographs have millions of pixels. */
function scaleColumns({ width: fromWidth, height, data }: RgbaPicture, width: number): Float32Array {
  const covers = coversOf(width, fromWidth);
  const out = new Float32Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const { first, weights } = covers[x] as Cover;
      let [r, g, b, a] = [0, 0, 0, 0];
      let at = (y * fromWidth + first) * 4;
      for (let k = 0; k < weights.length; k++) {
        const weight = weights[k] as number;
        r += weight * (data[at] as number);
        g += weight * (data[at + 1] as number);
        b += weight * (data[at + 2] as number);
        a += weight * (data[at + 3] as number);
        at += 4;
      }
      const to = (y * width + x) * 4;
      out[to] = r;
      out[to + 1] = g;
      out[to + 2] = b;
      out[to + 3] = a;
    }
  }
  return out;
}

/** Rows of `width` RGBA pixels at another height, as bytes. */
function scaleRows(rows: Float32Array, width: number, fromHeight: number, height: number): Uint8ClampedArray {
  const line = width * 4;
  const out = new Uint8ClampedArray(height * line); // rounds to nearest
  const sums = new Float64Array(line);
  coversOf(height, fromHeight).forEach(({ first, weights }, y) => {
    sums.fill(0);
    let at = first * line;
    for (let k = 0; k < weights.length; k++) {
      const weight = weights[k] as number;
      for (let i = 0; i < line; i++) {
        sums[i] = (sums[i] as number) + weight * (rows[at + i] as number);
      }
      at += line;
    }
    out.set(sums, y * line);
  });
  return out;
}

/** A label map at another size: each pixel takes the nearest label, because labels cannot be averaged. */
export function scaledLabels(labels: ArrayLike<number>, from: PictureSize, width: number, height: number): Uint8Array {
  const out = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * from.height) / height) * from.width;
    for (let x = 0; x < width; x++) {
      const column = Math.floor(((x + 0.5) * from.width) / width);
      out[y * width + x] = labels[row + column] as number;
    }
  }
  return out;
}
