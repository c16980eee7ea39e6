/**
 * Reads PNG files, in Node only. png-chunks.ts checks the whole file first; png-samples.ts and png-colours.ts turn its
 * pixel data into pixels. https://www.w3.org/TR/png-3/
 */
import { crc32, inflateSync } from "node:zlib";
import { messageOf } from "../base/errors.js";
import { orientationOf, turned } from "./orientation.js";
import { badImage } from "./picture.js";
import type { RgbaPicture } from "./picture.js";
import { samplesToRgba } from "./png-colours.js";
import { mostRawBytes, notUnpacked, pngSamples, soundPng, tooLong, withPixelData } from "./png-open.js";
import type { CheckedPng } from "./png-open.js";

/** Checks a file and unpacks its pixel data. @throws bad-image */
export function openPng(bytes: Uint8Array, name: string): CheckedPng {
  const file = soundPng(bytes, name, (data) => crc32(data));
  const { data } = file;
  let raw: Uint8Array;
  try {
    const stream = data.length === 1 ? (data[0] as Uint8Array) : Buffer.concat(data);
    raw = inflateSync(stream, { maxOutputLength: mostRawBytes(file) });
  } catch (error) {
    const isTooLong = (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
    throw isTooLong ? tooLong(file, error) : notUnpacked(file, error);
  }
  return withPixelData(file, raw);
}

/**
 * A PNG file's pixels as opaque RGBA: 16-bit samples are scaled to 8, transparency is put over white, and the picture
 * is turned as its eXIf chunk says. Colour profiles are not applied: the values are those that are stored.
 * @param name of the file, for errors
 * @throws bad-image with what is wrong with the file
 * @example
 * import { readFile } from "node:fs/promises";
 * import { decodePng } from "fcn-webgpu/node";
 *
 * const { width, height, channels } = decodePng(await readFile("samples/bird.png"), "bird.png");
 * console.log(width, height, channels); // prints 400 400 4
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
