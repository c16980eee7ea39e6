/** Reads label maps from PNG files, in browsers and workers as in Node. https://www.w3.org/TR/png-3/ */
import { inflatedUpTo } from "../base/deflate-streams.js";
import { crc32OfBytes } from "./crc32.js";
import { labelMapOf } from "./label-values.js";
import type { LabelMap } from "./label-values.js";
import { mostRawBytes, notUnpacked, soundPng, tooLong, withPixelData } from "./png-open.js";

/**
 * Reads a label map from a PNG file of any form: the indices of an indexed one, whatever its palette; the values of a
 * grey one; or the labels of PASCAL VOC's colours in an RGB one. A canvas cannot do this, because it gives colours and
 * not indices. The file may come from anywhere: it is checked before anything is decoded.
 *
 * @param bytes the file
 * @param name what error messages call the file
 * @throws FcnError bad-image for what is not a sound PNG, for a value beyond 255, and for a colour that VOC's palette
 *   lacks
 * @example
 * import { labelPng, readLabelPng } from "fcn-webgpu/image";
 *
 * const file = await labelPng(Uint8Array.of(0, 15, 15), 3, 1);
 * const { width, height, labels } = await readLabelPng(file, "truth.png");
 * console.log(width, height, labels.join()); // prints 3 1 0,15,15
 */
export async function readLabelPng(bytes: Uint8Array, name = "PNG"): Promise<LabelMap> {
  const file = soundPng(bytes, name, crc32OfBytes);
  const limit = mostRawBytes(file);
  const { bytes: raw, error } = await inflatedUpTo(file.data, limit, "deflate");
  if (raw.length > limit) throw tooLong(file);
  if (error !== undefined && raw.length < file.rawLength) throw notUnpacked(file, error);
  return labelMapOf(withPixelData(file, raw));
}
