/** Label maps read with the platform's DecompressionStream: the same labels and refusals as in Node. */
import { readFileSync } from "node:fs";
import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { labelPng, maskPng, paletteOf, readLabelPng } from "../../src/image/index.js";
import { decodeLabelPng, decodePng, encodeGreyPng, encodeLabelPng } from "../../src/image/png.js";
import { SIGNATURE, chunk, header, pngFile } from "../helpers/png-bytes.js";

const GREY = { width: 2, height: 2, depth: 8, colourType: 0 };
const fixture = (name: string): Uint8Array => readFileSync(new URL(`../fixtures/${name}`, import.meta.url));

describe("readLabelPng", () => {
  it.each([
    "val/00.label.png",
    "bugs/grey4.label.png",
    "bugs/mask255.label.png",
    "bugs/pal_cityscapes.label.png",
    "bugs/pal_swapped.label.png",
    "bugs/rgb.label.png",
  ])("reads %s as Node's reader does", async (name) => {
    expect(await readLabelPng(fixture(name))).toEqual(decodeLabelPng(fixture(name)));
  });

  it("reads large maps, which come in many pieces", async () => {
    const labels = Uint8Array.from({ length: 1000 * 700 }, (_, i) => Math.imul(i, 2654435761) >>> 24);
    const map = await readLabelPng(encodeLabelPng(labels, 1000, 700));
    expect(Buffer.compare(map.labels, labels)).toBe(0);
  });

  it("refuses a file wherever it is cut off or changed, up to the end of its pixels", async () => {
    const file = encodeLabelPng(
      Uint8Array.from({ length: 35 }, (_, i) => i % 4),
      7,
      5,
    );
    const end = file.length - chunk("IEND").length;
    for (let n = 0; n < end; n += n < 40 || n > end - 60 ? 1 : 13) {
      const changed = file.map((v, i) => (i === n ? v ^ 0x20 : v));
      for (const broken of [file.subarray(0, n), changed])
        await expect(readLabelPng(broken, "x.png")).rejects.toMatchObject({
          code: "bad-image",
          message: expect.stringMatching(/^x\.png: /) as string,
        });
    }
  });

  it("stops at pixel data that holds more than its header says, and names both", async () => {
    const bomb = Buffer.concat([
      SIGNATURE,
      header(GREY),
      chunk("IDAT", deflateSync(Buffer.alloc(50_000_000))),
      chunk("IEND"),
    ]);
    await expect(readLabelPng(bomb, "x.png")).rejects.toMatchObject({
      code: "bad-image",
      message: expect.stringContaining("its pixel data is more than the 6 bytes of 2 x 2") as string,
    });
  });

  it("refuses pixel data that is none or too short, and what is no file", async () => {
    const text = Buffer.concat([SIGNATURE, header(GREY), chunk("IDAT", Buffer.from("hello")), chunk("IEND")]);
    await expect(readLabelPng(text, "x.png")).rejects.toMatchObject({
      message: expect.stringContaining("its pixel data cannot be unpacked") as string,
    });
    await expect(readLabelPng(pngFile(GREY, [0, 1, 2]), "x.png")).rejects.toMatchObject({
      message: expect.stringContaining("its pixel data is 3 bytes, 2 x 2 needs 6") as string,
    });
    await expect(readLabelPng("x.png" as never)).rejects.toMatchObject({
      code: "bad-image",
      message: "PNG: got string, needed a Uint8Array with the bytes of a PNG file",
    });
  });
});

describe("palettes and masks as files", () => {
  it("have the colours of the palette, and the labels still", async () => {
    const palette = paletteOf(["#000000", "#0a0b0c"]);
    const labels = Uint8Array.of(0, 1);
    const file = await labelPng(labels, 2, 1, palette);
    expect([...decodePng(file).data]).toEqual([0, 0, 0, 255, 10, 11, 12, 255]);
    expect((await readLabelPng(file)).labels).toEqual(labels);
    expect(decodePng(encodeLabelPng(labels, 2, 1, palette))).toEqual(decodePng(file));
    await expect(labelPng(labels, 2, 1, new Uint8Array(6))).rejects.toMatchObject({
      code: "bad-option",
      message: "labelPng: a palette is 768 bytes, got 6",
    });
    expect(() => encodeLabelPng(labels, 2, 1, new Uint8Array(6))).toThrow("encodeLabelPng: a palette is");
  });

  it("have grey values where they are masks, as Node writes them", async () => {
    const values = Uint8Array.of(0, 255, 7, 0, 1, 2);
    expect(decodePng(await maskPng(values, 3, 2))).toEqual(decodePng(encodeGreyPng(values, 3, 2)));
    await expect(maskPng(values, 3, 3)).rejects.toMatchObject({
      code: "bad-image",
      message: "mask: 3 x 3 needs 9 values, got 6",
    });
    await expect(maskPng([0, 300], 2, 1)).rejects.toMatchObject({
      code: "bad-image",
      message: "mask: value 1 is 300, not a whole number from 0 to 255",
    });
  });
});
