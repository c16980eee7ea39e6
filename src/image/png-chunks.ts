/**
 * A PNG file's container: signature, header, chunks, checksums. It decodes no pixel and needs no Node.
 *
 * Every file passes this check before its pixels are read, because files may be hostile or cut off. pngjs trusts the
 * header: it allocates what that claims, and returns memory it never wrote when pixel data is short or missing.
 * https://www.w3.org/TR/png-3/
 */
import type { FcnError } from "../base/errors.js";
import { toHex } from "../base/hex.js";
import { badImage } from "./picture.js";
import { COLOUR_TYPE, HEADER_BYTES, SIGNATURE, allowsDepth, samplesPerPixel } from "./png-format.js";
import type { Crc32, PngHeader } from "./png-format.js";

const MAX_PIXELS = 1 << 28;
/** Deflate turns one byte into 1032 at most. A header that asks for more does not fit its file. */
const DEFLATE_RATIO = 1032;

/** Bytes of a chunk besides its data: length, type and checksum, 4 each. */
const CHUNK_OVERHEAD = 12;
/** Bytes of the signature and the header chunk, which come first. */
const HEAD_LENGTH = SIGNATURE.length + HEADER_BYTES + CHUNK_OVERHEAD;

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

/** An error for files that were damaged on their way. */
export const damaged = (name: string, bytes: Uint8Array, why: string, cause?: unknown): FcnError =>
  badImage(name, `the PNG is damaged or cut off (${bytes.length} bytes): ${why}`, cause);

const typeAt = (bytes: Uint8Array, at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4));

/** The bytes of a file, and what error messages call it. */
interface NamedBytes {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly name: string;
}

/** `at` is where the data starts; the type is 4 bytes before it, the length 8. */
interface Chunk {
  readonly type: string;
  readonly at: number;
  readonly length: number;
}

/**
 * Checks the whole container, the cheap checks first, before anything is allocated.
 * @throws bad-image saying what is wrong, and where
 */
export function readChunks(bytes: Uint8Array, name: string, crc32: Crc32): PngFile {
  const file = { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), name };
  const header = readHeader(file);
  const { chunks, end } = listChunks(file);
  const contents = (type: string): Uint8Array[] =>
    chunks.filter((chunk) => chunk.type === type).map(({ at, length }) => bytes.subarray(at, at + length));
  const data = contents("IDAT");
  const rawLength = rawLengthOf(header);
  checkClaims(file, header, data, rawLength);
  checkChecksums(file, chunks, crc32);
  const palette = contents("PLTE")[0] ?? new Uint8Array();
  if (header.colourType === COLOUR_TYPE.indexed && palette.length < 3)
    throw damaged(name, bytes, "it has no palette (PLTE chunk)");
  return { header, palette, transparent: contents("tRNS").length > 0, data, rawLength, end };
}

function readHeader({ bytes, view, name }: NamedBytes): PngHeader {
  if (bytes.length === 0) throw badImage(name, "the file is empty (0 bytes)");
  if (SIGNATURE.some((byte, i) => bytes[i] !== byte)) {
    const isJpeg = bytes[0] === 0xff && bytes[1] === 0xd8;
    const kind = isJpeg ? "a JPEG" : "no PNG";
    throw badImage(name, `it is ${kind} (it starts with ${toHex(bytes.subarray(0, 8), " ")}); give it as PNG`);
  }
  if (bytes.length < HEAD_LENGTH)
    throw badImage(name, `the PNG is cut off after ${bytes.length} bytes, inside its header`);
  const width = view.getUint32(16);
  const height = view.getUint32(20);
  const depth = view.getUint8(24);
  const colourType = view.getUint8(25);
  const compression = view.getUint8(26);
  const filter = view.getUint8(27);
  const interlace = view.getUint8(28);
  const isHeader = view.getUint32(8) === HEADER_BYTES && typeAt(bytes, 12) === "IHDR";
  const isKnown = allowsDepth(colourType, depth) && compression === 0 && filter === 0 && interlace <= 1;
  if (!isHeader || !isKnown || width === 0 || height === 0)
    throw badImage(name, `the PNG header is damaged: ${width} x ${height}, ${depth} bits, colour type ${colourType}`);
  return { width, height, depth, colourType, interlaced: interlace === 1 };
}

/** All chunks up to IEND. Bytes behind it do not matter. */
function listChunks({ bytes, view, name }: NamedBytes): { chunks: readonly Chunk[]; end: number } {
  const chunks: Chunk[] = [];
  let end = SIGNATURE.length;
  let type = "";
  while (type !== "IEND") {
    const room = bytes.length - end - CHUNK_OVERHEAD;
    if (room < 0) throw damaged(name, bytes, `it ends after ${chunks.length} chunks, before the closing IEND chunk`);
    const length = view.getUint32(end);
    type = typeAt(bytes, end + 4);
    if (!/^[A-Za-z]{4}$/.test(type))
      throw damaged(
        name,
        bytes,
        `at byte ${end} a chunk should start, not ${toHex(bytes.subarray(end, end + 8), " ")}`,
      );
    if (length > room)
      throw damaged(name, bytes, `its ${type} chunk at byte ${end} is ${length} bytes long, ${room} are there`);
    chunks.push({ type, at: end + 8, length });
    end += CHUNK_OVERHEAD + length;
  }
  return { chunks, end };
}

/** Refuses sizes that the pixel data cannot fill, and pictures that are too large. */
function checkClaims(
  { bytes, name }: NamedBytes,
  { width, height }: PngHeader,
  data: readonly Uint8Array[],
  rawLength: number,
): void {
  const packed = data.reduce((sum, part) => sum + part.length, 0);
  if (packed === 0) throw damaged(name, bytes, "it has no pixel data (IDAT chunk)");
  if (width * height > MAX_PIXELS || rawLength > packed * DEFLATE_RATIO) {
    const holds = `its ${bytes.length} bytes can hold (${packed} are pixel data)`;
    throw badImage(
      name,
      `the PNG header claims ${width} x ${height}, more than ${holds} or the ${MAX_PIXELS} pixels allowed`,
    );
  }
}

function checkChecksums({ bytes, view, name }: NamedBytes, chunks: readonly Chunk[], crc32: Crc32): void {
  for (const { type, at, length } of chunks) {
    const computed = crc32(bytes.subarray(at - 4, at + length));
    const stored = view.getUint32(at + length);
    if (computed !== stored) {
      const sums = `is ${computed.toString(16)}, it should be ${stored.toString(16)}`;
      throw damaged(name, bytes, `the checksum of its ${type} chunk at byte ${at - 8} ${sums}`);
    }
  }
}

/** Adam7's seven passes over a picture. */
const PASSES: readonly { readonly x: number; readonly y: number; readonly dx: number; readonly dy: number }[] = [
  { x: 0, y: 0, dx: 8, dy: 8 },
  { x: 4, y: 0, dx: 8, dy: 8 },
  { x: 0, y: 4, dx: 4, dy: 8 },
  { x: 2, y: 0, dx: 4, dy: 4 },
  { x: 0, y: 2, dx: 2, dy: 4 },
  { x: 1, y: 0, dx: 2, dy: 2 },
  { x: 0, y: 1, dx: 1, dy: 2 },
];

/** Bytes of the inflated pixel data. */
function rawLengthOf({ width, height, depth, colourType, interlaced }: PngHeader): number {
  const bitsPerPixel = depth * samplesPerPixel(colourType);
  const lengthOf = (columns: number, rows: number): number =>
    columns > 0 && rows > 0 ? rows * (1 + Math.ceil((columns * bitsPerPixel) / 8)) : 0;
  if (!interlaced) return lengthOf(width, height);
  return PASSES.reduce(
    (sum, { x, y, dx, dy }) => sum + lengthOf(Math.ceil((width - x) / dx), Math.ceil((height - y) / dy)),
    0,
  );
}
