/** PNG files made byte by byte from the specification, sharing no code with src/. https://www.w3.org/TR/png-3/ */
import { crc32, deflateSync } from "node:zlib";
import { isFcnError } from "../../src/base/errors.js";
import { decodePng } from "../../src/image/png.js";

export const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);

export function chunk(type: string, data: Uint8Array | readonly number[] = []): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), Uint8Array.from(data)]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(body.length - 4);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

export interface Form {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colourType: number;
  readonly interlace?: number;
}

export function header({ width, height, depth, colourType, interlace = 0 }: Form): Buffer {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width);
  data.writeUInt32BE(height, 4);
  data.set([depth, colourType, 0, 0, interlace], 8);
  return chunk("IHDR", data);
}

/** A file around raw bytes: rows, each behind its filter byte. `extra` chunks go between header and pixels. */
export const pngFile = (form: Form, raw: readonly number[] | Uint8Array, extra: readonly Buffer[] = []): Buffer =>
  Buffer.concat([SIGNATURE, header(form), ...extra, chunk("IDAT", deflateSync(Uint8Array.from(raw))), chunk("IEND")]);

/** The contents of an eXIf chunk that says how to turn the picture, 1 to 8. */
export function exif(orientation: number, order: "II" | "MM" = "MM"): Buffer {
  const bytes = Buffer.alloc(26);
  const short = (value: number, at: number) =>
    order === "II" ? bytes.writeUInt16LE(value, at) : bytes.writeUInt16BE(value, at);
  bytes.write(order, "latin1");
  short(42, 2);
  bytes[order === "II" ? 4 : 7] = 8; // IFD0 follows
  short(1, 8); // one entry: Orientation, one SHORT
  short(0x0112, 10);
  short(3, 12);
  bytes[order === "II" ? 14 : 17] = 1;
  short(orientation, 18);
  return bytes;
}

/** Samples a pixel, by colour type. */
export const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

export type Sample = (x: number, y: number, channel: number) => number;

/** First column and row of a pass, then its steps. */
type Pass = readonly [x0: number, y0: number, dx: number, dy: number];

const WHOLE: Pass = [0, 0, 1, 1];
const ADAM7: readonly Pass[] = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

/** The samples of one pass, packed into bytes row by row, each row behind filter byte 0. */
function passRows({ width, height, depth, colourType }: Form, sample: Sample, [x0, y0, dx, dy]: Pass): number[] {
  const out: number[] = [];
  for (let y = y0; y < height && x0 < width; y += dy) {
    let bits = "";
    for (let x = x0; x < width; x += dx) {
      for (let c = 0; c < (CHANNELS[colourType] as number); c++)
        bits += sample(x, y, c).toString(2).padStart(depth, "0");
    }
    const bytes = (bits.match(/.{1,8}/g) ?? []).map((byte) => parseInt(byte.padEnd(8, "0"), 2));
    out.push(0, ...bytes);
  }
  return out;
}

/** The pixel data of a picture: its rows, or those of Adam7's passes. */
export const rawRows = (form: Form, sample: Sample): number[] =>
  (form.interlace ? ADAM7 : [WHOLE]).flatMap((pass) => passRows(form, sample, pass));

/** The message with which a file called "x.png" is refused. */
export function refusal(bytes: Uint8Array, decode: (bytes: Uint8Array, name: string) => unknown = decodePng): string {
  try {
    decode(bytes, "x.png");
  } catch (error) {
    if (isFcnError(error, "bad-image")) return error.message;
    throw error;
  }
  throw new Error("it was accepted");
}
