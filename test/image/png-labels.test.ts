/** Label maps as PNG files: written and read back, from other tools, and refused. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { vocPalette } from "../../src/image/palette.js";
import { decodeLabelPng, decodePng, encodeLabelPng, withTransparentBackground } from "../../src/image/png.js";
import { chunk, exif, pngFile, refusal } from "../helpers/png-bytes.js";

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
      "a palette in another order than VOC's: the indices, never the colours",
      pngFile(INDEXED, [0, 0, 1, 2], [chunk("PLTE", [128, 0, 0, 224, 224, 192, 0, 0, 0])]),
      [0, 1, 2],
    ],
    ["a palette of other colours", pngFile(INDEXED, [0, 0, 1, 0], [chunk("PLTE", [0, 0, 0, 255, 0, 1])]), [0, 1, 0]],
    ["indices beyond the palette", pngFile(INDEXED, [0, 0, 1, 7], [chunk("PLTE", [0, 0, 0, 128, 0, 0])]), [0, 1, 7]],
    ["1 bit of grey", pngFile({ ...GREY, depth: 1 }, [0, 0b01000000]), [0, 1, 0]],
    ["2 bits of grey", pngFile({ ...GREY, depth: 2 }, [0, 0b00011100]), [0, 1, 3]],
    ["4 bits of grey", pngFile({ ...GREY, depth: 4 }, [0, 0x5f, 0x10]), [5, 15, 1]],
    ["16 bits of grey", pngFile({ ...GREY, depth: 16 }, [0, 0, 5, 0, 255, 0, 0]), [5, 255, 0]],
    ["grey with alpha", pngFile({ ...GREY, colourType: 4 }, [0, 5, 0, 7, 255, 255, 9]), [5, 7, 255]],
    [
      "grey with alpha of 16 bits",
      pngFile({ ...GREY, colourType: 4, depth: 16 }, [0, 0, 5, 0, 0, 0, 7, 255, 255, 0, 255, 0, 0]),
      [5, 7, 255],
    ],
    [
      "VOC's colours in RGB",
      pngFile({ ...INDEXED, colourType: 2 }, [0, 128, 0, 0, 0, 0, 0, 224, 224, 192]),
      [1, 0, 255],
    ],
    [
      "VOC's colours in RGBA",
      pngFile({ ...INDEXED, colourType: 6 }, [0, 0, 128, 0, 255, 192, 128, 128, 255, 0, 0, 0, 0]),
      [2, 15, 0],
    ],
    [
      "VOC's colours in RGB of 16 bits",
      pngFile({ ...INDEXED, width: 1, colourType: 2, depth: 16 }, [0, 128, 128, 0, 0, 0, 0]),
      [1],
    ],
    [
      "a palette that ends in black: void stays void",
      pngFile(INDEXED, [0, 0, 1, 255], [chunk("PLTE", [...vocPalette().subarray(0, 63), ...new Uint8Array(768 - 63)])]),
      [0, 1, 255],
    ],
  ])("are read: %s", (_, bytes, want) => expect([...decodeLabelPng(bytes).labels]).toEqual(want));

  it.each<[string, Uint8Array, string]>([
    [
      "another colour in RGB",
      pngFile({ ...INDEXED, colourType: 2 }, [0, 0, 0, 0, 255, 0, 1, 0, 0, 0]),
      "x.png: pixel (1, 0) has the colour ff 00 01, which is not in PASCAL VOC's palette; " +
        "write the labels themselves, as grey values or as indices of a palette",
    ],
    [
      "almost a colour in RGB of 16 bits",
      pngFile({ ...INDEXED, width: 1, colourType: 2, depth: 16 }, [0, 128, 127, 0, 0, 0, 0]),
      "x.png: pixel (0, 0) has the colour 7f 00 00, which is not in PASCAL VOC's palette; " +
        "write the labels themselves, as grey values or as indices of a palette",
    ],
    [
      "a value beyond a byte in 16 bits of grey",
      pngFile({ ...GREY, depth: 16 }, [0, 0, 5, 94, 49, 0, 0]),
      "x.png: pixel (1, 0) has the value 24113, labels go to 255; write the labels with 8 bits",
    ],
  ])("are refused: %s", (_, bytes, sentence) => expect(refusal(bytes, decodeLabelPng)).toBe(sentence));

  it("are turned as their eXIf chunk says, as their pictures are", () => {
    const turn = chunk("eXIf", exif(6));
    const map = pngFile({ ...GREY, height: 2 }, [0, 1, 2, 3, 0, 4, 5, 6], [turn]);
    expect(decodeLabelPng(map)).toEqual({ width: 2, height: 3, labels: Uint8Array.of(4, 1, 5, 2, 6, 3) });
  });

  it.each([
    ["pal_swapped", [0, 2, 1, 255]],
    ["pal_cityscapes", [0, 2, 1, 255]],
    ["rgb", [0, 2, 1, 255]],
    ["grey4", [0, 2, 1]],
    ["mask255", [0, 255]],
  ])("of other tools: %s", (name, want) => {
    const { labels } = decodeLabelPng(readFileSync(new URL(`../fixtures/bugs/${name}.label.png`, import.meta.url)));
    expect([...new Set(labels)]).toEqual(want);
  });

  it("are refused when labels and size do not fit", () => {
    expect(() => encodeLabelPng(new Uint8Array(5), 2, 2)).toThrow("label map: 2 x 2 needs 4 labels, got 5");
    expect(() => encodeLabelPng(new Uint8Array(0), 0, 0)).toThrow("label map: 0 x 0 is not a size of at least 1 x 1");
  });
});
