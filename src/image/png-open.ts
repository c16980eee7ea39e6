/**
 * What reading a PNG file has in common in Node and browsers: the checks around its pixel data, and the samples. It
 * needs no Node. https://www.w3.org/TR/png-3/
 */
import { messageOf } from "../base/errors.js";
import { describeValue, typeName } from "../base/options.js";
import { badImage } from "./picture.js";
import { damaged, readChunks } from "./png-chunks.js";
import type { PngFile } from "./png-chunks.js";
import type { Crc32 } from "./png-format.js";
import { samplesOf } from "./png-samples.js";
import type { Samples } from "./png-samples.js";

/** Some encoders append a little to the pixel data, and other readers accept that. More than this is an attack. */
const MAX_SURPLUS = 1 << 16;

/** A file whose container is sound. */
export interface SoundPng extends PngFile {
  /** What error messages call the file. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A file whose container is sound and whose pixel data is complete. */
export interface CheckedPng extends SoundPng {
  /** The inflated pixel data. */
  readonly raw: Uint8Array;
}

/** Checks all but the pixel data. @throws bad-image */
export function soundPng(bytes: Uint8Array, name: string, crc32: Crc32): SoundPng {
  if (typeName(bytes) !== "Uint8Array" || typeof name !== "string")
    throw badImage(describeValue(name), `got ${typeName(bytes)}, needed a Uint8Array with the bytes of a PNG file`);
  return { ...readChunks(bytes, name, crc32), name, bytes };
}

/** The bytes that a file's pixel data may be unpacked to. */
export const mostRawBytes = ({ rawLength }: PngFile): number => rawLength + MAX_SURPLUS;

/** The error for pixel data that holds more than mostRawBytes(). */
export function tooLong({ name, bytes, header, rawLength }: SoundPng, cause?: unknown): Error {
  const size = `${header.width} x ${header.height}`;
  return damaged(name, bytes, `its pixel data is more than the ${rawLength} bytes of ${size}`, cause);
}

/** The error for pixel data that is not a zlib stream, or ends too soon. */
export function notUnpacked({ name, bytes, broken }: SoundPng, cause: unknown): Error {
  return damaged(name, bytes, broken ?? `its pixel data cannot be unpacked (${messageOf(cause)})`, cause);
}

/** The file with its pixel data. @throws bad-image when pixels are missing */
export function withPixelData(file: SoundPng, raw: Uint8Array): CheckedPng {
  const { header, rawLength, broken, name, bytes } = file;
  if (raw.length < rawLength) {
    const size = `${header.width} x ${header.height}`;
    throw damaged(name, bytes, broken ?? `its pixel data is ${raw.length} bytes, ${size} needs ${rawLength}`);
  }
  return { ...file, raw };
}

/** The samples of a file. @throws bad-image for an unknown filter */
export function pngSamples({ header, raw, bytes, name }: CheckedPng): Samples {
  try {
    return samplesOf(header, raw);
  } catch (error) {
    throw damaged(name, bytes, messageOf(error), error);
  }
}
