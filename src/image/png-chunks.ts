/**
 * A PNG file's container: signature, header, chunks, checksums. It decodes no pixel and needs no Node.
 *
 * Every file passes this check before its pixels are read, because files may be hostile or cut off. Damage that cannot
 * change a pixel is passed over, as libpng does: a wrong checksum of a chunk of notes, and what is cut off or damaged
 * behind the pixel data. https://www.w3.org/TR/png-3/
 */
import type { FcnError } from "../base/errors.js";
import { toHex } from "../base/hex.js";
import { badImage } from "./picture.js";
import { COLOUR_TYPE, HEADER_BYTES, SIGNATURE, allowsDepth } from "./png-format.js";
import type { Crc32, PngHeader } from "./png-format.js";
import { rawLengthOf } from "./png-passes.js";

/** The largest picture, 16383 x 16383: sharp's own limit, so it holds for the other formats too. */
export const MAX_PIXELS = 0x3fff * 0x3fff;
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
  /** What is transparent (the tRNS chunk): a colour, or the alpha of each index. */
  readonly transparency: Uint8Array | undefined;
  /** The eXIf chunk: the camera's notes, among them how the picture is to be turned. */
  readonly exif: Uint8Array | undefined;
  /** The parts of the deflate stream. */
  readonly data: readonly Uint8Array[];
  /** Bytes that the deflate stream must hold: every row with its filter byte. */
  readonly rawLength: number;
  /** What is wrong behind the first pixel data. It does not matter where the pixel data is complete. */
  readonly broken: string | undefined;
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
  const { chunks, broken } = listChunks(file);
  const contents = (type: string): Uint8Array[] =>
    chunks.filter((chunk) => chunk.type === type).map(({ at, length }) => bytes.subarray(at, at + length));
  const data = contents("IDAT");
  const rawLength = rawLengthOf(header);
  checkClaims(file, header, data, rawLength);
  const sound = checkChecksums(file, chunks, crc32);
  checkOrder(file, header, sound);
  const palette = contents("PLTE")[0] ?? new Uint8Array();
  if (header.colourType === COLOUR_TYPE.indexed) checkPalette(file, palette);
  const transparency = contents("tRNS")[0];
  if (transparency) checkTransparency(file, header, transparency);
  const exif = sound.find(({ type }) => type === "eXIf");
  return {
    header,
    palette,
    transparency,
    exif: exif && bytes.subarray(exif.at, exif.at + exif.length),
    data,
    rawLength,
    broken,
  };
}

function readHeader({ bytes, view, name }: NamedBytes): PngHeader {
  if (bytes.length === 0) throw badImage(name, "the file is empty (0 bytes)");
  if (SIGNATURE.some((byte, i) => bytes[i] !== byte)) {
    const isJpeg = bytes[0] === 0xff && bytes[1] === 0xd8;
    const kind = isJpeg ? "a JPEG, not a PNG" : "not a PNG";
    throw badImage(name, `it is ${kind} (it starts with ${toHex(bytes.subarray(0, 8), " ")}); convert it to PNG`);
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

/** All chunks up to IEND. Bytes behind it do not matter, and a broken end does not where the pixels are complete. */
function listChunks(file: NamedBytes): { chunks: readonly Chunk[]; broken: string | undefined } {
  const chunks: Chunk[] = [];
  let end = SIGNATURE.length;
  while (chunks.at(-1)?.type !== "IEND") {
    const next = chunkAt(file, end, chunks.length);
    if (typeof next === "string") {
      const hasPixels = chunks.some(({ type }) => type === "IDAT");
      if (!hasPixels) throw damaged(file.name, file.bytes, next);
      return { chunks, broken: next };
    }
    chunks.push(next);
    end += CHUNK_OVERHEAD + next.length;
  }
  return { chunks, broken: undefined };
}

/** The chunk that starts at a byte, or what is wrong there. `before` counts the chunks before it. */
function chunkAt({ bytes, view }: NamedBytes, start: number, before: number): Chunk | string {
  const room = bytes.length - start - CHUNK_OVERHEAD;
  if (room < 0) return `it ends after ${before} chunks, before the closing IEND chunk`;
  const length = view.getUint32(start);
  const type = typeAt(bytes, start + 4);
  if (!/^[A-Za-z]{4}$/.test(type))
    return `at byte ${start} a chunk should start, not ${toHex(bytes.subarray(start, start + 8), " ")}`;
  if (length > room) return `its ${type} chunk at byte ${start} is ${length} bytes long, ${room} are there`;
  return { type, at: start + 8, length };
}

/** Chunks that may stand there once, and those that must stand before the pixel data. */
const ONCE: readonly string[] = ["IHDR", "PLTE", "tRNS"];

/** Refuses what readers understand in different ways: chunks that change pixels twice, late or unknown. */
function checkOrder({ bytes, name }: NamedBytes, { colourType }: PngHeader, chunks: readonly Chunk[]): void {
  const seen = new Set<string>();
  for (const { type, at } of chunks) {
    const where = `${type} chunk at byte ${at - 8}`;
    if (ONCE.includes(type)) {
      if (seen.has(type)) throw damaged(name, bytes, `it has a second ${where}`);
      if (seen.has("IDAT")) throw damaged(name, bytes, `its ${where} comes after the pixel data`);
      if (type === "PLTE" && seen.has("tRNS") && colourType === COLOUR_TYPE.indexed)
        throw damaged(name, bytes, `its ${where} comes after the tRNS chunk that depends on it`);
    } else if (isCritical(type) && type !== "IDAT" && type !== "IEND") {
      throw damaged(name, bytes, `its ${where} is of an unknown kind that pictures depend on`);
    }
    seen.add(type);
  }
}

/** A capital first letter marks chunks without which a picture cannot be shown. */
const isCritical = (type: string): boolean => type.charAt(0) === type.charAt(0).toUpperCase();

function checkPalette({ bytes, name }: NamedBytes, palette: Uint8Array): void {
  if (palette.length < 3) throw damaged(name, bytes, "it has no palette (PLTE chunk)");
  if (palette.length % 3 !== 0)
    throw damaged(name, bytes, `its palette (PLTE chunk) is ${palette.length} bytes, not 3 for each colour`);
}

/** Bytes of the colour that is transparent, 2 a sample. Forms with alpha have none, and indexed ones a list. */
const TRANSPARENT_BYTES: Readonly<Record<number, number>> = { [COLOUR_TYPE.grey]: 2, [COLOUR_TYPE.rgb]: 6 };

function checkTransparency({ bytes, name }: NamedBytes, { colourType }: PngHeader, { length }: Uint8Array): void {
  const needed = TRANSPARENT_BYTES[colourType];
  if (needed !== undefined && length !== needed)
    throw damaged(name, bytes, `its tRNS chunk is ${length} bytes, colour type ${colourType} needs ${needed}`);
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
    const limit = `the ${MAX_PIXELS} pixels allowed; make the picture smaller`;
    throw badImage(name, `the PNG header claims ${width} x ${height}, more than ${holds} or ${limit}`);
  }
}

/**
 * The chunks whose checksums are right. Others are left out, unless they change pixels.
 * @throws bad-image when the chunk changes pixels
 */
function checkChecksums({ bytes, view, name }: NamedBytes, chunks: readonly Chunk[], crc32: Crc32): Chunk[] {
  return chunks.filter(({ type, at, length }) => {
    const computed = crc32(bytes.subarray(at - 4, at + length));
    const stored = view.getUint32(at + length);
    if (computed === stored) return true;
    if (!ONCE.includes(type) && type !== "IDAT") return false;
    const sums = `is ${computed.toString(16)}, it should be ${stored.toString(16)}`;
    throw damaged(name, bytes, `the checksum of its ${type} chunk at byte ${at - 8} ${sums}`);
  });
}
