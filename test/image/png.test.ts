/** PNG in every form the format has, made here byte by byte from its specification; and every way a file can be broken. */
import { readFileSync } from "node:fs";
import { crc32, deflateSync } from "node:zlib";
import fc from "fast-check";
import { PNG } from "pngjs";
import { describe, expect, it } from "vitest";
import { isFcnError } from "../../src/base/errors.js";
import { vocPalette } from "../../src/image/palette.js";
import {
  decodeLabelPng,
  decodePng,
  encodeGreyPng,
  encodeLabelPng,
  encodePng,
  withTransparentBackground,
} from "../../src/image/png.js";

const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);

function chunk(type: string, data: Uint8Array | readonly number[] = []): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), Uint8Array.from(data)]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(body.length - 4);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

interface Form {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colourType: number;
  readonly interlace?: number;
}

function header({ width, height, depth, colourType, interlace = 0 }: Form): Buffer {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width);
  data.writeUInt32BE(height, 4);
  data.set([depth, colourType, 0, 0, interlace], 8);
  return chunk("IHDR", data);
}

/** A file around raw bytes: rows, each behind its filter byte. */
const file = (form: Form, raw: readonly number[] | Uint8Array, extra: readonly Buffer[] = []): Buffer =>
  Buffer.concat([SIGNATURE, header(form), ...extra, chunk("IDAT", deflateSync(Uint8Array.from(raw))), chunk("IEND")]);

const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
type Sample = (x: number, y: number, channel: number) => number;

/** Rows of samples with filter 0, `dx` and `dy` apart from (x0, y0): the whole picture, or one pass of Adam7. */
function rows(
  { width, height, depth, colourType }: Form,
  sample: Sample,
  [x0, y0, dx, dy]: readonly number[] = [0, 0, 1, 1],
): number[] {
  const out: number[] = [];
  for (let y = y0 as number; y < height && (x0 as number) < width; y += dy as number) {
    let bits = "";
    for (let x = x0 as number; x < width; x += dx as number)
      for (let c = 0; c < (CHANNELS[colourType] as number); c++)
        bits += sample(x, y, c).toString(2).padStart(depth, "0");
    out.push(0, ...(bits.match(/.{1,8}/g) ?? []).map((byte) => parseInt(byte.padEnd(8, "0"), 2)));
  }
  return out;
}

const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];
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

describe("decodePng", () => {
  it.each(KINDS)("reads colour type %i of %i bits, plain and interlaced, at any size", (colourType, depth) => {
    const top = 2 ** depth - 1;
    const palette = Array.from({ length: Math.min(256, top + 1) }, (_, i) =>
      [i * 7, 255 - i, i * i].map((v) => v & 255),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 19 }),
        fc.integer({ min: 1, max: 17 }),
        fc.nat(1),
        fc.nat(),
        (width, height, interlace, seed) => {
          const form = { width, height, depth, colourType, interlace };
          const sample: Sample = (x, y, c) => Math.imul(x * 31 + y * 17 + c * 101 + seed, 2654435761) >>> (32 - depth);
          const raw = interlace ? ADAM7.flatMap((pass) => rows(form, sample, pass)) : rows(form, sample);
          const got = decodePng(file(form, raw, colourType === 3 ? [chunk("PLTE", palette.flat())] : []));
          const want: number[] = [];
          for (let y = 0; y < height; y++) {
            for (let x = 0; x < width; x++) {
              const at = (c: number): number => Math.round((sample(x, y, c) * 255) / top);
              const colour =
                colourType === 3
                  ? (palette[sample(x, y, 0)] as number[])
                  : colourType % 4 === 0
                    ? [at(0), at(0), at(0)]
                    : [at(0), at(1), at(2)];
              const alpha = colourType === 4 ? at(1) : colourType === 6 ? at(3) : 255;
              want.push(...colour.map((v) => Math.round((v * alpha + 255 * (255 - alpha)) / 255)), 255);
            }
          }
          expect([got.width, got.height, got.channels]).toEqual([width, height, 4]);
          expect([...got.data]).toEqual(want);
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
    expect([...decodePng(file(form, raw, extra)).data]).toEqual(want);
  });

  it("reads every row filter", () => {
    // Rows of 3 grey pixels filtered with none, sub, up, average and Paeth; all of them mean 10 20 30.
    const raw = [0, 10, 20, 30, 1, 10, 10, 10, 2, 0, 0, 0, 3, 5, 5, 5, 4, 0, 0, 0];
    const got = decodePng(file({ width: 3, height: 5, depth: 8, colourType: 0 }, raw));
    expect([...got.data].filter((_v, i) => i % 4 === 0)).toEqual(Array.from({ length: 5 }, () => [10, 20, 30]).flat());
  });

  it.each([0, 2, 3, 4, 6])("undoes any mixture of filters as pngjs does: colour type %i", (colourType) => {
    const step = CHANNELS[colourType] as number;
    const palette = chunk(
      "PLTE",
      Uint8Array.from({ length: 768 }, (_, i) => (i * 37) & 255),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.nat(4), { minLength: 1, maxLength: 7 }),
        fc.nat(),
        (width, filters, seed) => {
          const raw = filters.flatMap((filter, y) => [
            filter,
            ...Array.from({ length: width * step }, (_, x) => Math.imul(x * 31 + y * 17 + seed, 2654435761) >>> 24),
          ]);
          const bytes = file(
            { width, height: filters.length, depth: 8, colourType },
            raw,
            colourType === 3 ? [palette] : [],
          );
          const want = PNG.sync
            .read(bytes)
            .data.map((v, i, all) =>
              i % 4 === 3 ? 255 : Math.round((v * (all[i | 3] as number) + 255 * (255 - (all[i | 3] as number))) / 255),
            );
          expect([...decodePng(bytes).data]).toEqual([...want]);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("lets pass what other readers let pass: bytes after the end, a little too much pixel data, several IDAT chunks", () => {
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

const GREY = { width: 2, height: 2, depth: 8, colourType: 0 };
const WHOLE = file(GREY, [0, 1, 2, 0, 3, 4]);

function refusal(bytes: Uint8Array, decode: (bytes: Uint8Array, name: string) => unknown = decodePng): string {
  try {
    decode(bytes, "x.png");
  } catch (error) {
    if (isFcnError(error, "bad-image")) return error.message;
    throw error;
  }
  throw new Error("it was accepted");
}

describe("a broken PNG", () => {
  const cut = "x.png: the PNG is damaged or cut off";
  it.each<[string, Uint8Array, string]>([
    ["0 bytes", new Uint8Array(), "x.png: the file is empty (0 bytes)"],
    [
      "text",
      Buffer.from("hello world"),
      "x.png: it is no PNG (it starts with 68 65 6c 6c 6f 20 77 6f); give it as PNG",
    ],
    ["cut in the header", WHOLE.subarray(0, 20), "x.png: the PNG is cut off after 20 bytes, inside its header"],
    [
      "cut in the pixels",
      WHOLE.subarray(0, 46),
      `${cut} (46 bytes): its IDAT chunk at byte 33 is 14 bytes long, 1 are there`,
    ],
    [
      "without its end",
      WHOLE.subarray(0, -12),
      `${cut} (59 bytes): it ends after 2 chunks, before the closing IEND chunk`,
    ],
    [
      "with another checksum",
      WHOLE.map((v, i) => (i === 45 ? v ^ 1 : v)),
      `${cut} (71 bytes): the checksum of its IDAT chunk at byte 33 is`,
    ],
    [
      "of no chunks",
      Buffer.concat([WHOLE.subarray(0, 33), Buffer.alloc(40)]),
      `${cut} (73 bytes): at byte 33 a chunk should start, not 00 00 00 00 00 00 00 00`,
    ],
    [
      "without pixels",
      Buffer.concat([SIGNATURE, header(GREY), chunk("IEND")]),
      `${cut} (45 bytes): it has no pixel data (IDAT chunk)`,
    ],
    ["of too few rows", file(GREY, [0, 1, 2]), `${cut} (68 bytes): its pixel data is 3 bytes, 2 x 2 needs 6`],
    [
      "whose pixels are text",
      Buffer.concat([SIGNATURE, header(GREY), chunk("IDAT", Buffer.from("hello")), chunk("IEND")]),
      `${cut} (62 bytes): its pixel data cannot be unpacked (incorrect header check)`,
    ],
    [
      "of an unknown filter",
      file({ ...GREY, height: 1 }, [9, 1, 2]),
      `${cut} (68 bytes): Unrecognised filter type - 9`,
    ],
    ["of 3 bits", file({ ...GREY, depth: 3 }, [0]), "x.png: the PNG header is damaged: 2 x 2, 3 bits, colour type 0"],
    ["of no width", file({ ...GREY, width: 0 }, [0]), "x.png: the PNG header is damaged: 0 x 2, 8 bits, colour type 0"],
    [
      "without a palette",
      file({ ...GREY, colourType: 3 }, [0, 1, 2, 0, 3, 4]),
      `${cut} (71 bytes): it has no palette (PLTE chunk)`,
    ],
  ])("%s", (_, bytes, sentence) => {
    const message = refusal(bytes);
    expect(message.startsWith(sentence), message).toBe(true);
    expect(message).not.toContain("\n");
  });

  it("is refused wherever it is cut off, and whichever byte of it is changed", () => {
    const label = encodeLabelPng(
      Uint8Array.from({ length: 35 }, (_, i) => i % 4),
      7,
      5,
    );
    for (const [bytes, decode] of [
      [WHOLE, decodePng],
      [label, decodeLabelPng],
    ] as const) {
      for (let n = 0; n < bytes.length; n++) expect(refusal(bytes.subarray(0, n), decode)).toMatch(/^x\.png: /);
      for (let n = 0; n < bytes.length; n++)
        expect(
          refusal(
            bytes.map((v, i) => (i === n ? v ^ 0x20 : v)),
            decode,
          ),
        ).toMatch(/^x\.png: /);
    }
  });

  it("that claims more than it holds allocates nothing, however much else is in the file", () => {
    const padding = chunk("tEXt", Buffer.alloc(4_000_000)); // enough bytes for the claim, if they were pixel data
    const before = process.memoryUsage().arrayBuffers;
    for (const [width, height] of [
      [15_000, 15_000],
      [0xffffffff, 0xffffffff],
      [1, 0x20000000],
    ] as const) {
      const message = refusal(
        Buffer.concat([
          SIGNATURE,
          header({ width, height, depth: 8, colourType: 6 }),
          padding,
          chunk("IDAT", deflateSync(Buffer.alloc(10))),
          chunk("IEND"),
        ]),
      );
      expect(message).toMatch(
        new RegExp(
          `^x.png: the PNG header claims ${width} x ${height}, more than its \\d+ bytes can hold \\(\\d+ are pixel data\\) or the 268435456 pixels allowed$`,
        ),
      );
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50e6);
  });

  it("whose pixels unpack to far more than its size is refused, plain and interlaced", () => {
    for (const interlace of [0, 1])
      expect(refusal(file({ ...GREY, width: 1, height: 1, interlace }, Buffer.alloc(30_000_000)))).toContain(
        "its pixel data is more than the 2 bytes of 1 x 1",
      );
  });
});

describe("label maps", () => {
  const indexed = { width: 3, height: 1, depth: 8, colourType: 3 };

  it("come back as they were written, any label at any size", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 20 }),
        fc.infiniteStream(fc.nat(255)),
        (width, height, values) => {
          const labels = Uint8Array.from({ length: width * height }, () => values.next().value as number);
          const png = encodeLabelPng(labels, width, height);
          expect(decodeLabelPng(png)).toEqual({ width, height, labels });
          expect(decodeLabelPng(withTransparentBackground(png)).labels).toEqual(labels);
          const palette = vocPalette(); // as a picture, the same file shows VOC's colours
          expect([...decodePng(png).data]).toEqual(
            [...labels].flatMap((l) => [...palette.subarray(l * 3, l * 3 + 3), 255]),
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  it("of PyTorch are read as the bytes they were made from", () => {
    const { labels } = decodeLabelPng(readFileSync(new URL("../fixtures/val/00.label.png", import.meta.url)));
    expect(Math.max(...new Set(labels))).toBeLessThan(21);
  });

  it.each<[string, Buffer, number[]]>([
    ["4 bits", file({ ...indexed, depth: 4 }, [0, 0x21, 0], [chunk("PLTE", vocPalette().subarray(0, 48))]), [2, 1, 0]],
    ["grey", file({ ...indexed, colourType: 0 }, [0, 5, 255, 0]), [5, 255, 0]],
    [
      "grey with a transparent value",
      file({ ...indexed, colourType: 0 }, [0, 5, 255, 0], [chunk("tRNS", [0, 5])]),
      [5, 255, 0],
    ],
    [
      "a palette that was reordered",
      file(indexed, [0, 0, 1, 2], [chunk("PLTE", [128, 0, 0, 224, 224, 192, 0, 0, 0])]),
      [1, 255, 0],
    ],
    [
      "a palette that ends in black: void stays void",
      file(indexed, [0, 0, 1, 255], [chunk("PLTE", [...vocPalette().subarray(0, 63), ...new Uint8Array(768 - 63)])]),
      [0, 1, 255],
    ],
  ])("%s", (_, bytes, want) => expect([...decodeLabelPng(bytes).labels]).toEqual(want));

  it.each<[string, Uint8Array, string]>([
    [
      "an RGB picture",
      file({ ...indexed, colourType: 2 }, new Uint8Array(10)),
      "x.png: colour type 2 is no label map; it must be indexed (palette) or grey",
    ],
    [
      "16 bits of grey",
      file({ ...indexed, colourType: 0, depth: 16 }, new Uint8Array(7)),
      "x.png: a grey label map needs 8 bits a pixel, got 16",
    ],
    [
      "another palette",
      file(indexed, [0, 0, 1, 0], [chunk("PLTE", [0, 0, 0, 255, 0, 1])]),
      "x.png: pixel (1, 0) has colour ff 00 01, which is not in the PASCAL VOC palette",
    ],
    [
      "an index beyond the palette",
      file(indexed, [0, 0, 1, 7], [chunk("PLTE", [0, 0, 0, 128, 0, 0])]),
      "x.png: pixel (2, 0) has index 7, the palette has 2 colours",
    ],
  ])("refuse %s", (_, bytes, sentence) => expect(refusal(bytes, decodeLabelPng)).toBe(sentence));

  it("refuse labels that do not fit their size", () => {
    expect(() => encodeLabelPng(new Uint8Array(5), 2, 2)).toThrow("label map: 2 x 2 needs 4 labels, got 5");
    expect(() => encodeLabelPng(new Uint8Array(0), 0, 0)).toThrow("label map: 0 x 0 is not a size of at least 1 x 1");
  });
});

describe("encodePng", () => {
  it("keeps RGB and opaque RGBA, exactly", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        fc.constantFrom(3, 4),
        fc.nat(255),
        (width, height, channels, seed) => {
          const data = Uint8Array.from({ length: width * height * channels }, (_, i) =>
            channels === 4 && i % 4 === 3 ? 255 : (i * 37 + seed) & 255,
          );
          const back = decodePng(encodePng({ width, height, data }));
          expect([...back.data].filter((_v, i) => i % 4 < channels)).toEqual([...data]);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("writes transparency, which reading puts over white", () => {
    expect([...decodePng(encodePng({ width: 1, height: 1, data: Uint8Array.of(0, 100, 200, 51) })).data]).toEqual([
      204, 224, 244, 255,
    ]);
  });
});

it("a grey PNG holds its values, and says what does not fit", () => {
  const values = Uint8Array.from({ length: 300 }, (_, i) => (i * 7) & 255);
  const png = encodeGreyPng(values, 20, 15);
  expect([png[24], png[25]]).toEqual([8, 0]); // 8 bits, grey
  expect(decodeLabelPng(png).labels).toEqual(values);
  expect(() => encodeGreyPng(values, 20, 16)).toThrow("grey picture: 20 x 16 needs 320 values, got 300");
});
