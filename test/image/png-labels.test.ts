/** Label maps as PNG files: written and read back, from other tools, and refused. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { vocPalette } from "../../src/image/palette.js";
import { decodeLabelPng, decodePng, encodeLabelPng, withTransparentBackground } from "../../src/image/png.js";
import { chunk, pngFile, refusal } from "../helpers/png-bytes.js";

const INDEXED = { width: 3, height: 1, depth: 8, colourType: 3 };
const GREY = { ...INDEXED, colourType: 0 };

describe("label maps", () => {
  it("come back as they were written, any label at any size", () => {
    const side = fc.integer({ min: 1, max: 20 });
    fc.assert(
      fc.property(side, side, fc.infiniteStream(fc.nat(255)), (width, height, values) => {
        const labels = Uint8Array.from({ length: width * height }, () => values.next().value as number);
        const png = encodeLabelPng(labels, width, height);
        expect(decodeLabelPng(png)).toEqual({ width, height, labels });
        expect(decodeLabelPng(withTransparentBackground(png)).labels).toEqual(labels);
        const palette = vocPalette(); // read as a picture, the same file shows VOC's colours
        const colours = [...labels].flatMap((l) => [...palette.subarray(l * 3, l * 3 + 3), 255]);
        expect([...decodePng(png).data]).toEqual(colours);
      }),
      { numRuns: 40 },
    );
  });

  it("of PyTorch are read as the bytes they were made from", () => {
    const { labels } = decodeLabelPng(readFileSync(new URL("../fixtures/val/00.label.png", import.meta.url)));
    expect(Math.max(...new Set(labels))).toBeLessThan(21);
  });

  it.each<[string, Buffer, number[]]>([
    [
      "4 bits",
      pngFile({ ...INDEXED, depth: 4 }, [0, 0x21, 0], [chunk("PLTE", vocPalette().subarray(0, 48))]),
      [2, 1, 0],
    ],
    ["grey", pngFile(GREY, [0, 5, 255, 0]), [5, 255, 0]],
    ["grey with a transparent value", pngFile(GREY, [0, 5, 255, 0], [chunk("tRNS", [0, 5])]), [5, 255, 0]],
    [
      "a palette that was reordered",
      pngFile(INDEXED, [0, 0, 1, 2], [chunk("PLTE", [128, 0, 0, 224, 224, 192, 0, 0, 0])]),
      [1, 255, 0],
    ],
    [
      "a palette that ends in black: void stays void",
      pngFile(INDEXED, [0, 0, 1, 255], [chunk("PLTE", [...vocPalette().subarray(0, 63), ...new Uint8Array(768 - 63)])]),
      [0, 1, 255],
    ],
  ])("are read: %s", (_, bytes, want) => expect([...decodeLabelPng(bytes).labels]).toEqual(want));

  it.each<[string, Uint8Array, string]>([
    [
      "an RGB picture",
      pngFile({ ...INDEXED, colourType: 2 }, new Uint8Array(10)),
      "x.png: colour type 2 is no label map; it must be indexed (palette) or grey",
    ],
    [
      "16 bits of grey",
      pngFile({ ...GREY, depth: 16 }, new Uint8Array(7)),
      "x.png: a grey label map needs 8 bits a pixel, got 16",
    ],
    [
      "another palette",
      pngFile(INDEXED, [0, 0, 1, 0], [chunk("PLTE", [0, 0, 0, 255, 0, 1])]),
      "x.png: pixel (1, 0) has colour ff 00 01, which is not in the PASCAL VOC palette",
    ],
    [
      "an index beyond the palette",
      pngFile(INDEXED, [0, 0, 1, 7], [chunk("PLTE", [0, 0, 0, 128, 0, 0])]),
      "x.png: pixel (2, 0) has index 7, the palette has 2 colours",
    ],
  ])("are refused: %s", (_, bytes, sentence) => expect(refusal(bytes, decodeLabelPng)).toBe(sentence));

  it("are refused when labels and size do not fit", () => {
    expect(() => encodeLabelPng(new Uint8Array(5), 2, 2)).toThrow("label map: 2 x 2 needs 4 labels, got 5");
    expect(() => encodeLabelPng(new Uint8Array(0), 0, 0)).toThrow("label map: 0 x 0 is not a size of at least 1 x 1");
  });
});
