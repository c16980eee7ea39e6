/** What of a PNG counts: chunks that change pixels are taken once and in order; damage elsewhere is passed over. */
import { readFileSync } from "node:fs";
import { deflateSync } from "node:zlib";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { decodePng } from "../../src/image/png.js";
import { SIGNATURE, chunk, exif, header, pngFile, refusal } from "../helpers/png-bytes.js";

const bug = (name: string): Buffer => readFileSync(new URL(`../fixtures/bugs/${name}`, import.meta.url));
const GREY = { width: 2, height: 1, depth: 8, colourType: 0 };
const INDEXED = { ...GREY, colourType: 3 };
const PIXELS = chunk("IDAT", deflateSync(Uint8Array.of(0, 0, 1)));
const PALETTE = chunk("PLTE", [255, 0, 0, 0, 255, 0]);
const ALPHA = chunk("tRNS", [0]);
const END = chunk("IEND");
const file = (form: typeof GREY, ...chunks: readonly Buffer[]): Buffer =>
  Buffer.concat([SIGNATURE, header(form), ...chunks]);
/** The same chunk with a wrong checksum. */
const spoilt = (data: Buffer): Buffer => Buffer.concat([data.subarray(0, -1), Buffer.of((data.at(-1) as number) ^ 1)]);

describe("a PNG is refused that readers understand in different ways:", () => {
  it.each<[string, Buffer, string]>([
    ["a second header", file(GREY, header({ ...GREY, width: 30000, height: 30000 }), PIXELS, END), "second IHDR chunk"],
    ["a header behind the pixels", file(GREY, PIXELS, header(GREY), END), "second IHDR chunk"],
    ["a second palette", file(INDEXED, PALETTE, PALETTE, PIXELS, END), "second PLTE chunk"],
    ["a late palette", file(INDEXED, PIXELS, PALETTE, END), "PLTE chunk at byte 56 comes after the pixel data"],
    ["a second transparency", file(INDEXED, PALETTE, ALPHA, ALPHA, PIXELS, END), "second tRNS chunk"],
    ["a late transparency", file(INDEXED, PALETTE, PIXELS, ALPHA, END), "tRNS chunk at byte 74 comes after the pixel"],
    ["transparency before the palette", file(INDEXED, ALPHA, PALETTE, PIXELS, END), "comes after the tRNS chunk"],
    ["an unknown chunk that matters", file(GREY, chunk("ABCD"), PIXELS, END), "ABCD chunk at byte 33 is of an unknown"],
    [
      "a palette of half colours",
      file(INDEXED, chunk("PLTE", [1, 2, 3, 4]), PIXELS, END),
      "is 4 bytes, not 3 for each",
    ],
    ["half a transparent colour", file(GREY, ALPHA, PIXELS, END), "tRNS chunk is 1 bytes, colour type 0 needs 2"],
    ["damaged transparency", file(INDEXED, PALETTE, spoilt(ALPHA), PIXELS, END), "checksum of its tRNS chunk"],
    ["a damaged palette", file(INDEXED, spoilt(PALETTE), PIXELS, END), "checksum of its PLTE chunk"],
  ])("%s", (_, bytes, part) => {
    expect(refusal(bytes)).toMatch(
      /^x\.png: the PNG is damaged or cut off \(\d+ bytes\): (its|it has a|the checksum of its) /,
    );
    expect(refusal(bytes)).toContain(part);
  });

  it("a header that the checks never saw", () => {
    const before = process.memoryUsage().rss;
    expect(refusal(bug("second-ihdr-before.png"))).toContain("it has a second IHDR chunk at byte 33");
    expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
  });
});

describe("a PNG is read whose pixels are whole:", () => {
  const whole = decodePng(pngFile(GREY, [0, 0, 1]));
  it.each<[string, Buffer]>([
    ["its notes are damaged", file(GREY, spoilt(chunk("tEXt", [65, 0, 66])), PIXELS, END)],
    ["its end is missing", file(GREY, PIXELS)],
    ["its end is damaged", file(GREY, PIXELS, spoilt(END))],
    ["it is cut off in notes behind the pixels", file(GREY, PIXELS, chunk("tEXt", Buffer.alloc(50)).subarray(0, 30))],
    ["zeros follow the pixels", file(GREY, PIXELS, Buffer.alloc(100))],
    ["its orientation is damaged", file(GREY, spoilt(chunk("eXIf", exif(6))), PIXELS, END)],
    ["its notes about the camera are no EXIF", file(GREY, chunk("eXIf", [1, 2, 3]), PIXELS, END)],
    ["its notes about the camera end early", file(GREY, chunk("eXIf", exif(6).subarray(0, 15)), PIXELS, END)],
  ])("%s", (_, bytes) => expect(decodePng(bytes)).toEqual(whole));

  it("a text's checksum is wrong", async () => {
    const got = decodePng(bug("bad_crc_text.png"));
    const want = await sharp(bug("bad_crc_text.png"), { failOn: "none" }).ensureAlpha().raw().toBuffer();
    expect(Buffer.from(got.data).equals(want)).toBe(true);
  });
});

it("only the low bits of a transparent colour count", () => {
  const grey = (name: string): number[] => [...decodePng(bug(name)).data].filter((_v, i) => i % 4 === 0);
  expect(grey("trns-ct0-d1.png")).toEqual([0, 255, 0, 255]);
  expect(grey("trns-ct2-d8.png")).toEqual([0, 255, 2, 3]);
});

describe("a PNG is turned as its eXIf chunk says", () => {
  const upright = Uint8Array.from({ length: 5 * 3 * 3 }, (_, i) => i * 5);
  it.each([1, 2, 3, 4, 5, 6, 7, 8])("orientation %i, as sharp turns it, in both byte orders", async (orientation) => {
    const raw = Buffer.from(upright);
    const stored = await sharp(raw, { raw: { width: 5, height: 3, channels: 3 } })
      .png()
      .toBuffer();
    const jpegLike = await sharp(stored).withMetadata({ orientation }).webp({ lossless: true }).toBuffer();
    const { data, info } = await sharp(jpegLike).rotate().ensureAlpha().raw().toBuffer({ resolveWithObject: true });
    for (const order of ["II", "MM"] as const) {
      const turn = chunk("eXIf", exif(orientation, order));
      const got = decodePng(Buffer.concat([stored.subarray(0, 33), turn, stored.subarray(33)]));
      expect([got.width, got.height, ...got.data]).toEqual([info.width, info.height, ...data]);
    }
  });

  it("also behind the pixels, and never with a number that means nothing", () => {
    const behind = file(GREY, PIXELS, chunk("eXIf", exif(6)), END);
    expect(decodePng(behind)).toMatchObject({ width: 1, height: 2 });
    const unknown = file(GREY, chunk("eXIf", exif(9)), PIXELS, END);
    expect(decodePng(unknown)).toMatchObject({ width: 2, height: 1 });
  });

  it("like the JPEG beside it", async () => {
    const { width, height, data } = decodePng(bug("exif6.png"));
    const twin = await sharp(bug("exif6.jpg")).rotate().ensureAlpha().raw().toBuffer({ resolveWithObject: true });
    expect([width, height]).toEqual([twin.info.width, twin.info.height]);
    const apart = Array.from(data, (v, i) => Math.abs(v - (twin.data[i] as number)));
    expect(apart.reduce((sum, v) => sum + v, 0) / apart.length).toBeLessThan(10); // JPEG loses a little
  });
});

it("a picture of 16383 x 16383 is the largest", () => {
  const over = pngFile({ ...GREY, width: 16_384, height: 16_383, depth: 1 }, Buffer.alloc(16_383 * (1 + 2048)));
  expect(refusal(over)).toContain("claims 16384 x 16383, more than its");
  expect(refusal(over)).toContain("or the 268402689 pixels allowed; make the picture smaller");
});
