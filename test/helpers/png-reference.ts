/**
 * A slow reader of PNG's pixel data, written from the specification and sharing no code with src/: what a picture's
 * samples are, given the samples by position. https://www.w3.org/TR/png-3/
 */
import type { Form, Sample } from "./png-bytes.js";

export interface ColourTables {
  /** R, G, B of each index. */
  readonly palette?: readonly (readonly number[])[] | undefined;
  /** The values of the tRNS chunk: one for each sample, or an alpha for each index. */
  readonly transparent?: readonly number[] | undefined;
}

const overWhite = (value: number, alpha: number): number => Math.round((value * alpha + 255 * (255 - alpha)) / 255);

/** Colour and alpha of a pixel, 0 to 255. */
function pixelOf(form: Form, samples: readonly number[], tables: ColourTables): readonly [number[], number] {
  const { depth, colourType } = form;
  const { palette = [], transparent } = tables;
  const byte = (value: number): number => Math.round((value * 255) / (2 ** depth - 1));
  const bytes = samples.map(byte);
  const [first = 0, second = 0] = bytes;
  const isTransparent = transparent?.every((value, c) => value % 2 ** depth === samples[c]) === true;
  switch (colourType) {
    case 0:
      return [[first, first, first], isTransparent ? 0 : 255];
    case 2:
      return [bytes, isTransparent ? 0 : 255];
    case 3:
      return [[...(palette[samples[0] ?? 0] ?? [])], transparent?.[samples[0] ?? 0] ?? 255];
    case 4:
      return [[first, first, first], second];
    default:
      return [bytes.slice(0, 3), bytes[3] ?? 255];
  }
}

/** Opaque RGBA of every pixel: scaled to 8 bits, over white. */
export function referencePixels(form: Form, channels: number, sample: Sample, tables: ColourTables): number[] {
  const pixels: number[] = [];
  for (let y = 0; y < form.height; y++) {
    for (let x = 0; x < form.width; x++) {
      const samples = Array.from({ length: channels }, (_, c) => sample(x, y, c));
      const [colour, alpha] = pixelOf(form, samples, tables);
      pixels.push(...colour.map((value) => overWhite(value, alpha)), 255);
    }
  }
  return pixels;
}
