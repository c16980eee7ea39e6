/**
 * A picture made smaller without aliasing: a triangle filter as wide as the step between output pixels, rows first, each pass
 * rounded to bytes. This is what Pillow's bilinear resize does, and so what torchvision's preprocessing of a photograph is; the
 * GPU's resize (normalize) has no antialiasing and is for pictures that grow.
 * https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Resample.c
 */
import { badOption } from "../base/options.js";
import { toRgba } from "./picture.js";
import type { Picture, RgbaPicture } from "./picture.js";

interface Taps {
  /** First input pixel of each output pixel. */
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** `width` weights for each output pixel, which sum to one. */
  readonly weights: Float64Array;
  readonly width: number;
}

function tapsOf(input: number, output: number): Taps {
  const scale = input / output;
  const support = Math.max(scale, 1);
  const width = Math.ceil(support) * 2 + 1;
  const taps = {
    first: new Int32Array(output),
    count: new Int32Array(output),
    weights: new Float64Array(output * width),
    width,
  };
  for (let i = 0; i < output; i++) {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const count = Math.min(input, Math.trunc(centre + support + 0.5)) - first;
    let sum = 0;
    for (let j = 0; j < count; j++) {
      const weight = Math.max(0, 1 - Math.abs((first + j - centre + 0.5) / support));
      taps.weights[i * width + j] = weight;
      sum += weight;
    }
    for (let j = 0; j < count; j++) taps.weights[i * width + j] = (taps.weights[i * width + j] as number) / sum;
    taps.first[i] = first;
    taps.count[i] = count;
  }
  return taps;
}

interface Strides {
  /** Bytes from a pixel to the next one along the axis. */
  readonly step: number;
  /** Bytes from a line to the next one. */
  readonly line: number;
}

/** One axis: output pixel i of every line is a mix of that line's pixels. */
function pass(data: ArrayLike<number>, taps: Taps, lines: number, from: Strides, to: Strides): Uint8Array {
  const outputs = taps.first.length;
  const out = new Uint8Array(outputs * lines * 4);
  const mix = (i: number, line: number): void => {
    const first = i * taps.width;
    const end = first + (taps.count[i] as number);
    let [r, g, b] = [0.5, 0.5, 0.5]; // rounds to nearest
    let at = (taps.first[i] as number) * from.step + line * from.line;
    for (let j = first; j < end; j++, at += from.step) {
      const weight = taps.weights[j] as number;
      r += weight * (data[at] as number);
      g += weight * (data[at + 1] as number);
      b += weight * (data[at + 2] as number);
    }
    const target = i * to.step + line * to.line;
    out[target] = r;
    out[target + 1] = g;
    out[target + 2] = b;
    out[target + 3] = 255;
  };
  // Neighbours in memory follow each other.
  if (from.step < from.line) for (let line = 0; line < lines; line++) for (let i = 0; i < outputs; i++) mix(i, line);
  else for (let i = 0; i < outputs; i++) for (let line = 0; line < lines; line++) mix(i, line);
  return out;
}

/**
 * The picture at another size (rows, columns), opaque: networks do not see alpha. An axis that grows is interpolated linearly.
 * @throws bad-image, bad-option
 */
export function shrink(picture: Picture, toHeight: number, toWidth: number): RgbaPicture {
  const { width, height, data } = toRgba(picture);
  if (![toHeight, toWidth].every((side) => Number.isInteger(side) && side > 0))
    throw badOption(`shrink: ${toWidth} x ${toHeight} is not a size of at least 1 x 1`);
  const rows =
    width === toWidth
      ? data
      : pass(data, tapsOf(width, toWidth), height, { step: 4, line: width * 4 }, { step: 4, line: toWidth * 4 });
  const line = toWidth * 4;
  const all =
    height === toHeight
      ? rows
      : pass(rows, tapsOf(height, toHeight), toWidth, { step: line, line: 4 }, { step: line, line: 4 });
  return { width: toWidth, height: toHeight, data: all, channels: 4 };
}
