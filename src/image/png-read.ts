/**
 * Reads PNG files, in Node only. png-chunks.ts checks the whole file first; png-rows.ts decodes the common forms fast,
 * pngjs the others (every bit depth and colour type, interlaced too). https://www.w3.org/TR/png-3/
 */
import { crc32, inflateSync } from "node:zlib";
import { PNG } from "pngjs";
import { firstLineOf, messageOf } from "../base/errors.js";
import { badImage } from "./picture.js";
import type { RgbaPicture } from "./picture.js";
import { damaged, readChunks } from "./png-chunks.js";
import type { PngFile } from "./png-chunks.js";
import { COLOUR_TYPE, samplesPerPixel } from "./png-format.js";
import { samplesToRgba, unfilter } from "./png-rows.js";

/** Some encoders append a little to the pixel data, and other readers accept that. More than this is an attack. */
const MAX_SURPLUS = 1 << 16;

/** A file whose container is sound and whose pixel data is complete. */
export interface CheckedPng extends PngFile {
  /** What error messages call the file. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** The inflated pixel data. */
  readonly raw: Uint8Array;
}

/** pngjs does not notice pixel data that is too short, and fills the rest with old memory. @throws bad-image */
export function openPng(bytes: Uint8Array, name: string): CheckedPng {
  const file = readChunks(bytes, name, (data) => crc32(data));
  const { header, data, rawLength } = file;
  const size = `${header.width} x ${header.height}`;
  let raw: Uint8Array;
  try {
    const stream = data.length === 1 ? (data[0] as Uint8Array) : Buffer.concat(data);
    raw = inflateSync(stream, { maxOutputLength: rawLength + MAX_SURPLUS });
  } catch (error) {
    const isTooLong = (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
    const why = isTooLong
      ? `is more than the ${rawLength} bytes of ${size}`
      : `cannot be unpacked (${messageOf(error)})`;
    throw damaged(name, bytes, `its pixel data ${why}`, error);
  }
  if (raw.length < rawLength)
    throw damaged(name, bytes, `its pixel data is ${raw.length} bytes, ${size} needs ${rawLength}`);
  return { ...file, name, bytes, raw };
}

/** True for what png-rows.ts decodes: 8 bits a sample, not interlaced. */
export const isPlain = ({ header }: PngFile): boolean => header.depth === 8 && !header.interlaced;

/** The samples of a plain file. @throws bad-image for an unknown filter */
export function plainSamples({ header, raw, bytes, name }: CheckedPng): Uint8Array {
  const step = samplesPerPixel(header.colourType);
  try {
    return unfilter(raw, header.width * step, header.height, step);
  } catch (error) {
    throw damaged(name, bytes, messageOf(error), error);
  }
}

/**
 * Pixels by pngjs, four bytes each. `png` is the file, or one made from its parts.
 * @param skipRescale leaves samples of less than 8 bits as they are
 */
export function pngjsPixels(png: Uint8Array, { bytes, name }: CheckedPng, skipRescale = false): Uint8Array {
  try {
    // Checksums were checked by openPng(), with Node's own crc32 instead of pngjs's loop.
    const options = { checkCRC: false, skipRescale };
    return PNG.sync.read(Buffer.from(png.buffer, png.byteOffset, png.byteLength), options).data;
  } catch (error) {
    throw damaged(name, bytes, firstLineOf(messageOf(error)), error);
  }
}

/**
 * A PNG file's pixels as opaque RGBA: 16-bit samples are scaled to 8, transparency is put over white.
 * @throws bad-image
 */
export function decodePng(bytes: Uint8Array, name = "PNG"): RgbaPicture {
  const file = openPng(bytes, name);
  const { width, height } = file.header;
  return { width, height, data: opaquePixels(file), channels: 4 };
}

function opaquePixels(file: CheckedPng): Uint8Array {
  const { header, transparent, bytes, end } = file;
  if (!isPlain(file) || transparent) {
    const { buffer, byteOffset, byteLength } = pngjsPixels(bytes.subarray(0, end), file);
    return putOverWhite(new Uint8Array(buffer, byteOffset, byteLength));
  }
  const data = plainPixels(file);
  const hasAlpha = header.colourType === COLOUR_TYPE.greyAlpha || header.colourType === COLOUR_TYPE.rgba;
  return hasAlpha ? putOverWhite(data) : data;
}

function plainPixels(file: CheckedPng): Uint8Array {
  const { width, height, colourType } = file.header;
  const samples = plainSamples(file);
  try {
    return samplesToRgba(samples, width * height, colourType, file.palette);
  } catch (error) {
    throw badImage(file.name, messageOf(error), error);
  }
}

/** Changes `data` in place. */
function putOverWhite(data: Uint8Array): Uint8Array {
  for (let i = 0; i < data.length; i += 4) {
    const alpha = data[i + 3] as number;
    if (alpha === 255) continue;
    for (let c = 0; c < 3; c++) data[i + c] = Math.round(((data[i + c] as number) * alpha + 255 * (255 - alpha)) / 255);
    data[i + 3] = 255;
  }
  return data;
}
