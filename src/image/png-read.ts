/**
 * Reads PNG files, in Node only. png-chunks.ts checks the whole file first; png-samples.ts and png-colours.ts turn its
 * pixel data into pixels. https://www.w3.org/TR/png-3/
 */
import { crc32, inflateSync } from "node:zlib";
import { messageOf } from "../base/errors.js";
import { describeValue, typeName } from "../base/options.js";
import { orientationOf, turned } from "./orientation.js";
import { badImage } from "./picture.js";
import type { RgbaPicture } from "./picture.js";
import { damaged, readChunks } from "./png-chunks.js";
import type { PngFile } from "./png-chunks.js";
import { samplesToRgba } from "./png-colours.js";
import { samplesOf } from "./png-samples.js";
import type { Samples } from "./png-samples.js";

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

/** Checks a file and unpacks its pixel data. @throws bad-image */
export function openPng(bytes: Uint8Array, name: string): CheckedPng {
  if (typeName(bytes) !== "Uint8Array" || typeof name !== "string")
    throw badImage(describeValue(name), `got ${typeName(bytes)}, needed a Uint8Array with the bytes of a PNG file`);
  const file = readChunks(bytes, name, (data) => crc32(data));
  const { header, data, rawLength, broken } = file;
  const size = `${header.width} x ${header.height}`;
  let raw: Uint8Array;
  try {
    const stream = data.length === 1 ? (data[0] as Uint8Array) : Buffer.concat(data);
    raw = inflateSync(stream, { maxOutputLength: rawLength + MAX_SURPLUS });
  } catch (error) {
    const isTooLong = (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
    if (broken !== undefined && !isTooLong) throw damaged(name, bytes, broken, error);
    const why = isTooLong
      ? `is more than the ${rawLength} bytes of ${size}`
      : `cannot be unpacked (${messageOf(error)})`;
    throw damaged(name, bytes, `its pixel data ${why}`, error);
  }
  if (raw.length < rawLength)
    throw damaged(name, bytes, broken ?? `its pixel data is ${raw.length} bytes, ${size} needs ${rawLength}`);
  return { ...file, name, bytes, raw };
}

/** The samples of a file. @throws bad-image for an unknown filter */
export function pngSamples({ header, raw, bytes, name }: CheckedPng): Samples {
  try {
    return samplesOf(header, raw);
  } catch (error) {
    throw damaged(name, bytes, messageOf(error), error);
  }
}

/**
 * A PNG file's pixels as opaque RGBA: 16-bit samples are scaled to 8, transparency is put over white, and the picture
 * is turned as its eXIf chunk says. Colour profiles are not applied: the values are those that are stored.
 * @throws bad-image
 */
export function decodePng(bytes: Uint8Array, name = "PNG"): RgbaPicture {
  const file = openPng(bytes, name);
  const { width, height } = file.header;
  const data = putOverWhite(rgbaOf(file));
  return { ...turned({ width, height, data }, 4, orientationOf(file.exif)), channels: 4 };
}

function rgbaOf(file: CheckedPng): Uint8Array {
  const samples = pngSamples(file);
  try {
    return samplesToRgba(samples, file);
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
