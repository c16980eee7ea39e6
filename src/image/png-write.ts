/** Writes PNG files, in Node only; pngjs cannot write palettes. label-png.ts writes label maps in browsers. */
import { constants, crc32, deflateSync } from "node:zlib";
import { PNG } from "pngjs";
import { checkPalette, checkedLabels } from "./label-checks.js";
import { vocPalette } from "./palette.js";
import { badImage, checkPictureSize, checkValueCount, toRgba } from "./picture.js";
import type { Picture, PictureSize } from "./picture.js";
import { COLOUR_TYPE, chunk, pngParts, unfilteredRows } from "./png-format.js";

/** Label maps are runs of one value: finding only runs takes a sixth of the time, for files of about the same size. */
const RUNS = { strategy: constants.Z_RLE };

/** Paeth alone takes half the time of trying all five filters on each row, for files of the same size. */
const PAETH = 4;

/**
 * A picture as a PNG file: RGB, or RGBA where a pixel is transparent.
 * @param picture grey, RGB or RGBA
 * @throws bad-image when size and data of the picture do not fit
 * @example
 * import { decodePng, encodePng } from "fcn-webgpu/node";
 *
 * const file = encodePng({ width: 2, height: 1, data: Uint8Array.of(255, 0, 0, 0, 0, 255) }); // red, blue
 * console.log(decodePng(file).data.join()); // prints 255,0,0,255,0,0,255,255
 */
export function encodePng(picture: Picture): Uint8Array {
  const { width, height, data } = toRgba(picture);
  const png = new PNG({ width, height, colorType: COLOUR_TYPE.rgba });
  png.data = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const colorType = isOpaque(data) ? COLOUR_TYPE.rgb : COLOUR_TYPE.rgba;
  return PNG.sync.write(png, { colorType, inputHasAlpha: true, filterType: PAETH });
}

function isOpaque(data: ArrayLike<number>): boolean {
  for (let i = 3; i < data.length; i += 4) {
    if (data[i] !== 255) return false;
  }
  return true;
}

/**
 * An indexed PNG in the 256-entry VOC palette, or another: what segmentation tools exchange. The same as labelPng(),
 * without a promise.
 * @param labels a byte for each pixel, row by row
 * @param width pixels of a row
 * @param height rows
 * @param palette 768 bytes: R, G and B of each label
 * @throws bad-image when the labels do not fit the size; bad-option for another kind of palette
 * @example
 * import { readLabelPng } from "fcn-webgpu/image";
 * import { encodeLabelPng } from "fcn-webgpu/node";
 *
 * const file = encodeLabelPng(Uint8Array.of(0, 15, 15, 255), 2, 2);
 * console.log((await readLabelPng(file)).labels.join()); // prints 0,15,15,255
 */
export function encodeLabelPng(
  labels: Uint8Array,
  width: number,
  height: number,
  palette: Uint8Array = vocPalette(),
): Uint8Array {
  checkPalette("encodeLabelPng", palette);
  return encodeBytes(checkedLabels("label map", labels, width, height), { width, height }, palette);
}

/** A grey PNG of one byte a pixel: masks, probabilities. @throws bad-image when the values do not fit the size */
export function encodeGreyPng(values: Uint8Array, width: number, height: number): Uint8Array {
  checkPictureSize("grey picture", width, height);
  checkValueCount("grey picture", values, { width, height }, "values");
  return encodeBytes(values, { width, height });
}

function encodeBytes(values: Uint8Array, { width, height }: PictureSize, palette?: Uint8Array): Uint8Array {
  const colourType = palette ? COLOUR_TYPE.indexed : COLOUR_TYPE.grey;
  const header = { width, height, depth: 8, colourType, interlaced: false };
  const pixels = deflateSync(unfilteredRows(values, width, height), palette ? RUNS : {});
  return Buffer.concat(pngParts({ header, palette, pixels }, (bytes) => crc32(bytes)));
}

/**
 * The same indexed PNG with index 0 transparent, to be laid over a picture.
 * @throws bad-image for a file without pixels
 */
export function withTransparentBackground(png: Uint8Array): Uint8Array {
  const type = Buffer.from(png.buffer, png.byteOffset, png.byteLength).indexOf("IDAT", 0, "latin1");
  const at = type - 4; // a chunk starts with its length, before its type
  if (at < 0) throw badImage("label map", "the PNG has no pixels (no IDAT)");
  const transparency = chunk("tRNS", Uint8Array.of(0), (bytes) => crc32(bytes));
  return Buffer.concat([png.subarray(0, at), transparency, png.subarray(at)]);
}
