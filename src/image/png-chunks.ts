/**
 * A PNG file's container: signature, header, chunks, checksums. It holds no pixel, inflates nothing and needs no Node; png.ts
 * reads every file through it first, because pngjs believes the header: it allocates what that claims, and hands out memory it
 * never wrote when the pixel data is short or missing. https://www.w3.org/TR/png-3/
 */
import { FcnError } from "../base/errors.js";

export const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] as const;
const MAX_PIXELS = 1 << 28;
/** Deflate turns one byte into 1032 at the very most, so a header that asks for more is lying. */
const DEFLATE_RATIO = 1032;

/** Samples a pixel and the bit depths allowed, by colour type. */
const COLOUR_TYPES: Readonly<Record<number, { readonly channels: number; readonly depths: readonly number[] }>> = {
  0: { channels: 1, depths: [1, 2, 4, 8, 16] }, // grey
  2: { channels: 3, depths: [8, 16] }, // RGB
  3: { channels: 1, depths: [1, 2, 4, 8] }, // palette
  4: { channels: 2, depths: [8, 16] }, // grey and alpha
  6: { channels: 4, depths: [8, 16] }, // RGBA
};

export interface PngHeader {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colourType: number;
  readonly interlaced: boolean;
}

export interface PngFile {
  readonly header: PngHeader;
  /** RGB triples; empty when there is none. */
  readonly palette: Uint8Array;
  /** Has colours that are transparent (a tRNS chunk). */
  readonly transparent: boolean;
  /** The parts of the deflate stream. */
  readonly data: readonly Uint8Array[];
  /** Bytes that the deflate stream must hold: every row with its filter byte. */
  readonly rawLength: number;
  /** Where the PNG ends; what follows is not part of it. */
  readonly end: number;
}

export const badPng = (name: string, sentence: string, cause?: unknown): FcnError =>
  new FcnError("bad-image", `${name}: ${sentence}`, { cause });

/** For what a copy that went wrong does to a file. */
export const damaged = (name: string, bytes: Uint8Array, why: string, cause?: unknown): FcnError =>
  badPng(name, `the PNG is damaged or cut off (${bytes.length} bytes): ${why}`, cause);

export const hex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join(" ");

const typeAt = (bytes: Uint8Array, at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4));

function readHeader(bytes: Uint8Array, view: DataView, name: string): PngHeader {
  if (bytes.length === 0) throw badPng(name, "the file is empty (0 bytes)");
  if (SIGNATURE.some((byte, i) => bytes[i] !== byte)) {
    const jpeg = bytes[0] === 0xff && bytes[1] === 0xd8;
    throw badPng(
      name,
      `it is ${jpeg ? "a JPEG" : "no PNG"} (it starts with ${hex(bytes.subarray(0, 8))}); give it as PNG`,
    );
  }
  if (bytes.length < 33) throw badPng(name, `the PNG is cut off after ${bytes.length} bytes, inside its header`);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const [depth, colourType, compression, filter, interlace] = Array.from(bytes.subarray(24, 29)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const fits =
    COLOUR_TYPES[colourType]?.depths.includes(depth) === true && compression === 0 && filter === 0 && interlace <= 1;
  if (typeAt(bytes, 12) !== "IHDR" || view.getUint32(8) !== 13 || width === 0 || height === 0 || !fits) {
    throw badPng(name, `the PNG header is damaged: ${width} x ${height}, ${depth} bits, colour type ${colourType}`);
  }
  return { width, height, depth, colourType, interlaced: interlace === 1 };
}

/** Adam7: first column and row of each of the seven passes, then its steps. */
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

function rawLength({ width, height, depth, colourType, interlaced }: PngHeader): number {
  const bits = depth * (COLOUR_TYPES[colourType]?.channels ?? 1);
  const rows = (w: number, h: number): number => (w > 0 && h > 0 ? h * (1 + Math.ceil((w * bits) / 8)) : 0);
  if (!interlaced) return rows(width, height);
  return PASSES.reduce(
    (sum, [x, y, dx, dy]) => sum + rows(Math.ceil((width - x) / dx), Math.ceil((height - y) / dy)),
    0,
  );
}

/**
 * Checks the whole container, from cheap to dear, before anything is allocated.
 * @param crc32 of the bytes; given, so that Node's native one can be used
 * @throws bad-image
 */
export function readChunks(bytes: Uint8Array, name: string, crc32: (data: Uint8Array) => number): PngFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = readHeader(bytes, view, name);
  const chunks: { readonly type: string; readonly at: number; readonly length: number }[] = [];
  let end = SIGNATURE.length;
  for (let type = ""; type !== "IEND";) {
    if (end + 12 > bytes.length)
      throw damaged(name, bytes, `it ends after ${chunks.length} chunks, before the closing IEND chunk`);
    const length = view.getUint32(end);
    type = typeAt(bytes, end + 4);
    if (!/^[A-Za-z]{4}$/.test(type))
      throw damaged(name, bytes, `at byte ${end} a chunk should start, not ${hex(bytes.subarray(end, end + 8))}`);
    if (end + 12 + length > bytes.length)
      throw damaged(
        name,
        bytes,
        `its ${type} chunk at byte ${end} is ${length} bytes long, ${Math.max(0, bytes.length - end - 12)} are there`,
      );
    chunks.push({ type, at: end + 8, length });
    end += 12 + length;
  }
  const contents = (wanted: string): Uint8Array[] =>
    chunks.filter((c) => c.type === wanted).map((c) => bytes.subarray(c.at, c.at + c.length));
  const data = contents("IDAT");
  const packed = data.reduce((sum, part) => sum + part.length, 0);
  if (packed === 0) throw damaged(name, bytes, "it has no pixel data (IDAT chunk)");
  const { width, height } = header;
  const raw = rawLength(header);
  if (width * height > MAX_PIXELS || raw > packed * DEFLATE_RATIO) {
    throw badPng(
      name,
      `the PNG header claims ${width} x ${height}, more than its ${bytes.length} bytes can hold (${packed} are pixel data) or the ${MAX_PIXELS} pixels allowed`,
    );
  }
  for (const { type, at, length } of chunks) {
    const [own, said] = [crc32(bytes.subarray(at - 4, at + length)), view.getUint32(at + length)];
    if (own !== said)
      throw damaged(
        name,
        bytes,
        `the checksum of its ${type} chunk at byte ${at - 8} is ${own.toString(16)}, it should be ${said.toString(16)}`,
      );
  }
  const palette = contents("PLTE")[0] ?? new Uint8Array();
  if (header.colourType === 3 && palette.length < 3) throw damaged(name, bytes, "it has no palette (PLTE chunk)");
  return { header, palette, transparent: contents("tRNS").length > 0, data, rawLength: raw, end };
}
