/**
 * Label maps and masks as PNG files, in browsers and workers as in Node: deflate is the platform's CompressionStream.
 * png.ts reads PNG files and writes other kinds, in Node only. https://www.w3.org/TR/png-3/
 */
import { joined } from "../base/joined.js";
import { deflated } from "../base/deflate-streams.js";
import { crc32OfBytes } from "./crc32.js";
import { checkPalette, checkedLabels } from "./label-checks.js";
import { vocPalette } from "./palette.js";
import { checkPictureSize, checkValueCount } from "./picture.js";
import { COLOUR_TYPE, pngParts, unfilteredRows } from "./png-format.js";

/** One byte a pixel as a PNG: indices where there is a palette, else grey values. */
async function bytePng(colourType: number, values: Uint8Array, width: number, height: number, palette?: Uint8Array) {
  const header = { width, height, depth: 8, colourType, interlaced: false };
  const pixels = await deflated(unfilteredRows(values, width, height), "deflate");
  return joined(pngParts({ header, palette, pixels }, crc32OfBytes));
}

/**
 * A label map as an 8-bit indexed PNG whose indices are the labels. In PASCAL VOC's palette, this is the form in which
 * VOC's `SegmentationClass` and most tools for segmentation keep label maps. readLabelPng() reads it.
 *
 * @param labels one label (0 to 255) a pixel, row by row
 * @param width of the map, in pixels
 * @param height of the map, in pixels
 * @param palette 256 colours, three bytes (R, G, B) each. Default: PASCAL VOC's. Readers of labels ignore it.
 * @returns the file's bytes
 * @throws FcnError bad-image when labels and size do not fit each other; bad-option for another kind of palette
 * @example
 * import { labelPng, readLabelPng } from "fcn-webgpu/image";
 *
 * const file = await labelPng(Uint8Array.of(0, 15, 15, 255), 2, 2);
 * console.log((await readLabelPng(file)).labels.join()); // prints 0,15,15,255
 */
export async function labelPng(
  labels: Uint8Array,
  width: number,
  height: number,
  palette: Uint8Array = vocPalette(),
): Promise<Uint8Array<ArrayBuffer>> {
  checkPalette("labelPng", palette);
  checkPictureSize("label map", width, height);
  checkValueCount("label map", labels, { width, height });
  return bytePng(COLOUR_TYPE.indexed, labels, width, height, palette);
}

/**
 * A grey PNG of one byte a pixel, for masks and confidences: 0 is black, 255 is white.
 *
 * @param values one byte (0 to 255) a pixel, row by row, such as classMask() returns
 * @param width of the picture, in pixels
 * @param height of the picture, in pixels
 * @returns the file's bytes
 * @throws FcnError bad-image when values and size do not fit each other
 * @example
 * import { classMask, maskPng } from "fcn-webgpu/image";
 *
 * const file = await maskPng(classMask(Uint8Array.of(0, 15, 15, 0), 15), 2, 2);
 * console.log(file.subarray(1, 4).join()); // prints 80,78,71
 */
export async function maskPng(
  values: ArrayLike<number>,
  width: number,
  height: number,
): Promise<Uint8Array<ArrayBuffer>> {
  return bytePng(COLOUR_TYPE.grey, checkedLabels("mask", values, width, height, "value"), width, height);
}
