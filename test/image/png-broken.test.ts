/** Every way a PNG can be broken is refused in one sentence, before memory is allocated for what the file claims. */
import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { decodeLabelPng, decodePng, encodeLabelPng } from "../../src/image/png.js";
import { SIGNATURE, chunk, header, pngFile, refusal } from "../helpers/png-bytes.js";

const GREY = { width: 2, height: 2, depth: 8, colourType: 0 };
/** Signature at byte 0, header at 8, pixels at 33, end at 59: 71 bytes. */
const WHOLE = pngFile(GREY, [0, 1, 2, 0, 3, 4]);

describe("a broken PNG", () => {
  const cut = "x.png: the PNG is damaged or cut off";
  it.each<[string, Uint8Array, string]>([
    ["0 bytes", new Uint8Array(), "x.png: the file is empty (0 bytes)"],
    [
      "text",
      Buffer.from("hello world"),
      "x.png: it is not a PNG (it starts with 68 65 6c 6c 6f 20 77 6f); convert it to PNG",
    ],
    ["cut in the header", WHOLE.subarray(0, 20), "x.png: the PNG is cut off after 20 bytes, inside its header"],
    [
      "cut in the pixels",
      WHOLE.subarray(0, 46),
      `${cut} (46 bytes): its IDAT chunk at byte 33 is 14 bytes long, 1 are there`,
    ],
    [
      "cut after a part of its pixels",
      Buffer.concat([SIGNATURE, header(GREY), chunk("IDAT", WHOLE.subarray(41, 48))]),
      `${cut} (52 bytes): it ends after 2 chunks, before the closing IEND chunk`,
    ],
    [
      "with another checksum",
      WHOLE.map((v, i) => (i === 45 ? v ^ 1 : v)),
      `${cut} (71 bytes): the checksum of its IDAT chunk at byte 33 is`,
    ],
    [
      "without chunks",
      Buffer.concat([WHOLE.subarray(0, 33), Buffer.alloc(40)]),
      `${cut} (73 bytes): at byte 33 a chunk should start, not 00 00 00 00 00 00 00 00`,
    ],
    [
      "without pixels",
      Buffer.concat([SIGNATURE, header(GREY), chunk("IEND")]),
      `${cut} (45 bytes): it has no pixel data (IDAT chunk)`,
    ],
    ["with too few rows", pngFile(GREY, [0, 1, 2]), `${cut} (68 bytes): its pixel data is 3 bytes, 2 x 2 needs 6`],
    [
      "whose pixels are text",
      Buffer.concat([SIGNATURE, header(GREY), chunk("IDAT", Buffer.from("hello")), chunk("IEND")]),
      `${cut} (62 bytes): its pixel data cannot be unpacked (incorrect header check)`,
    ],
    [
      "with an unknown filter",
      pngFile({ ...GREY, height: 1 }, [9, 1, 2]),
      `${cut} (68 bytes): a row has the filter 9, PNG has 0 to 4`,
    ],
    [
      "of 3 bits",
      pngFile({ ...GREY, depth: 3 }, [0]),
      "x.png: the PNG header is damaged: 2 x 2, 3 bits, colour type 0",
    ],
    [
      "without width",
      pngFile({ ...GREY, width: 0 }, [0]),
      "x.png: the PNG header is damaged: 0 x 2, 8 bits, colour type 0",
    ],
    [
      "without a palette",
      pngFile({ ...GREY, colourType: 3 }, [0, 1, 2, 0, 3, 4]),
      `${cut} (71 bytes): it has no palette (PLTE chunk)`,
    ],
  ])("%s", (_, bytes, sentence) => {
    const message = refusal(bytes);
    expect(message.startsWith(sentence), message).toBe(true);
    expect(message).not.toContain("\n");
  });

  it("is refused wherever it is cut off and whichever byte is changed, up to the end of its pixels", () => {
    const labels = Uint8Array.from({ length: 35 }, (_, i) => i % 4);
    for (const [bytes, decode] of [
      [WHOLE, decodePng],
      [encodeLabelPng(labels, 7, 5), decodeLabelPng],
    ] as const) {
      const end = bytes.length - chunk("IEND").length;
      for (let n = 0; n < bytes.length; n++) {
        const changed = bytes.map((v, i) => (i === n ? v ^ 0x20 : v));
        if (n < end) {
          expect(refusal(bytes.subarray(0, n), decode)).toMatch(/^x\.png: /);
          expect(refusal(changed, decode)).toMatch(/^x\.png: /);
        } else {
          expect(decode(bytes.subarray(0, n))).toEqual(decode(bytes));
          expect(decode(changed)).toEqual(decode(bytes));
        }
      }
    }
  });

  it("that claims more than it holds allocates nothing, however much else is in the file", () => {
    const padding = chunk("tEXt", Buffer.alloc(4_000_000)); // enough bytes for the claim, if they were pixel data
    const pixels = chunk("IDAT", deflateSync(Buffer.alloc(10)));
    const before = process.memoryUsage().arrayBuffers;
    for (const [width, height] of [
      [15_000, 15_000],
      [0xffffffff, 0xffffffff],
      [1, 0x20000000],
    ] as const) {
      const head = header({ width, height, depth: 8, colourType: 6 });
      const message = refusal(Buffer.concat([SIGNATURE, head, padding, pixels, chunk("IEND")]));
      const holds = "more than its \\d+ bytes can hold \\(\\d+ are pixel data\\)";
      const limit = "the 268402689 pixels allowed; make the picture smaller";
      expect(message).toMatch(new RegExp(`^x.png: the PNG header claims ${width} x ${height}, ${holds} or ${limit}$`));
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50e6);
  });

  it("whose pixels unpack to far more than its size is refused, plain and interlaced", () => {
    for (const interlace of [0, 1]) {
      const bomb = pngFile({ ...GREY, width: 1, height: 1, interlace }, Buffer.alloc(30_000_000));
      expect(refusal(bomb)).toContain("its pixel data is more than the 2 bytes of 1 x 1");
    }
  });
});
