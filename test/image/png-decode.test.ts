/** Reading PNG in every form of the format. The files are made byte by byte from the specification. */
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { PNG } from "pngjs";
import { describe, expect, it } from "vitest";
import { decodePng } from "../../src/image/png.js";
import { CHANNELS, SIGNATURE, chunk, header, pngFile, rawRows } from "../helpers/png-bytes.js";
import type { Form, Sample } from "../helpers/png-bytes.js";

/** Colour types and their depths. */
const KINDS = [
  [0, 1],
  [0, 2],
  [0, 4],
  [0, 8],
  [0, 16],
  [2, 8],
  [2, 16],
  [3, 1],
  [3, 2],
  [3, 4],
  [3, 8],
  [4, 8],
  [4, 16],
  [6, 8],
  [6, 16],
] as const;

const hash = (n: number): number => Math.imul(n, 2654435761);
const overWhite = (value: number, alpha: number): number => Math.round((value * alpha + 255 * (255 - alpha)) / 255);

/** Every pixel as the specification has it: scaled to 8 bits, over white, opaque. */
function expectedPixels({ width, height, depth, colourType }: Form, sample: Sample, palette: number[][]): number[] {
  const highest = 2 ** depth - 1;
  const pixels: number[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = (c: number): number => Math.round((sample(x, y, c) * 255) / highest);
      const grey = [value(0), value(0), value(0)];
      const colours: Readonly<Record<number, () => number[]>> = {
        0: () => grey,
        2: () => [value(0), value(1), value(2)],
        3: () => palette[sample(x, y, 0)] as number[],
        4: () => grey,
        6: () => [value(0), value(1), value(2)],
      };
      const alphas: Readonly<Record<number, () => number>> = { 4: () => value(1), 6: () => value(3) };
      const alpha = alphas[colourType]?.() ?? 255;
      const colour = colours[colourType]?.() ?? [];
      pixels.push(...colour.map((v) => overWhite(v, alpha)), 255);
    }
  }
  return pixels;
}

describe("decodePng", () => {
  it.each(KINDS)("reads colour type %i of %i bits, plain and interlaced, at any size", (colourType, depth) => {
    const palette = Array.from({ length: Math.min(256, 2 ** depth) }, (_, i) =>
      [i * 7, 255 - i, i * i].map((v) => v & 255),
    );
    const extra = colourType === 3 ? [chunk("PLTE", palette.flat())] : [];
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 19 }),
        fc.integer({ min: 1, max: 17 }),
        fc.nat(1),
        fc.nat(),
        (width, height, interlace, seed) => {
          const form = { width, height, depth, colourType, interlace };
          const sample: Sample = (x, y, c) => hash(x * 31 + y * 17 + c * 101 + seed) >>> (32 - depth);
          const got = decodePng(pngFile(form, rawRows(form, sample), extra));
          expect([got.width, got.height, got.channels]).toEqual([width, height, 4]);
          expect([...got.data]).toEqual(expectedPixels(form, sample, palette));
        },
      ),
      { numRuns: 25 },
    );
  });

  it.each([
    [
      "palette",
      { width: 2, height: 1, depth: 8, colourType: 3 },
      [0, 0, 1],
      [chunk("PLTE", [255, 0, 0, 0, 255, 0]), chunk("tRNS", [0, 51])],
      [255, 255, 255, 255, 204, 255, 204, 255],
    ],
    [
      "RGB",
      { width: 2, height: 1, depth: 8, colourType: 2 },
      [0, 1, 2, 3, 4, 5, 6],
      [chunk("tRNS", [0, 1, 0, 2, 0, 3])],
      [255, 255, 255, 255, 4, 5, 6, 255],
    ],
    [
      "grey",
      { width: 2, height: 1, depth: 8, colourType: 0 },
      [0, 1, 2],
      [chunk("tRNS", [0, 1])],
      [255, 255, 255, 255, 2, 2, 2, 255],
    ],
  ] as const)("puts transparency over white: tRNS of %s", (_, form, raw, extra, want) => {
    expect([...decodePng(pngFile(form, raw, extra)).data]).toEqual(want);
  });

  it("reads every row filter", () => {
    // Five rows of 3 grey pixels: filters none, sub, up, average and Paeth. Each row decodes to 10 20 30.
    const raw = [0, 10, 20, 30, 1, 10, 10, 10, 2, 0, 0, 0, 3, 5, 5, 5, 4, 0, 0, 0];
    const got = decodePng(pngFile({ width: 3, height: 5, depth: 8, colourType: 0 }, raw));
    expect([...got.data].filter((_v, i) => i % 4 === 0)).toEqual(Array.from({ length: 5 }, () => [10, 20, 30]).flat());
  });

  it.each([0, 2, 3, 4, 6])("undoes any mixture of filters as pngjs does: colour type %i", (colourType) => {
    const step = CHANNELS[colourType] as number;
    const palette = Uint8Array.from({ length: 768 }, (_, i) => (i * 37) & 255);
    const extra = colourType === 3 ? [chunk("PLTE", palette)] : [];
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.nat(4), { minLength: 1, maxLength: 7 }),
        fc.nat(),
        (width, filters, seed) => {
          const raw = filters.flatMap((filter, y) => [
            filter,
            ...Array.from({ length: width * step }, (_, x) => hash(x * 31 + y * 17 + seed) >>> 24),
          ]);
          const bytes = pngFile({ width, height: filters.length, depth: 8, colourType }, raw, extra);
          const rgba = PNG.sync.read(bytes).data;
          const want = rgba.map((v, i) => (i % 4 === 3 ? 255 : overWhite(v, rgba[i | 3] as number)));
          expect([...decodePng(bytes).data]).toEqual([...want]);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("accepts what other readers accept: bytes after the end, some surplus pixel data, several IDAT chunks", () => {
    const form = { width: 2, height: 1, depth: 8, colourType: 0 };
    const packed = deflateSync(Uint8Array.from([0, 1, 7, 0, 9, 9]));
    const split = Buffer.concat([
      SIGNATURE,
      header(form),
      chunk("tEXt", Buffer.from("a\0b")),
      chunk("IDAT", packed.subarray(0, 3)),
      chunk("IDAT"),
      chunk("IDAT", packed.subarray(3)),
      chunk("IEND"),
      Buffer.from("junk"),
    ]);
    expect([...decodePng(split).data]).toEqual([1, 1, 1, 255, 7, 7, 7, 255]);
  });
});
