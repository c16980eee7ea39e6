/**
 * Label maps as indexed PNG files, in browsers and workers as in Node: deflate is the platform's CompressionStream.
 * png.ts reads PNG files and writes other kinds, in Node only. https://www.w3.org/TR/png-3/
 */
import { vocPalette } from "./palette.js";
import { checkPictureSize, checkValueCount } from "./picture.js";
import { COLOUR_TYPE, pngParts, unfilteredRows } from "./png-format.js";

/**
 * An 8-bit indexed PNG whose indices are the labels, in PASCAL VOC's palette of 256 colours.
 * @throws bad-image when the labels do not fit the size
 */
export async function labelPng(labels: Uint8Array, width: number, height: number): Promise<Uint8Array<ArrayBuffer>> {
  checkPictureSize("label map", width, height);
  checkValueCount("label map", labels, { width, height });
  const rows = unfilteredRows(labels, width, height);
  const deflated = new Response(new Blob([rows]).stream().pipeThrough(new CompressionStream("deflate")));
  const header = { width, height, depth: 8, colourType: COLOUR_TYPE.indexed, interlaced: false };
  const pixels = new Uint8Array(await deflated.arrayBuffer());
  return concatenate(pngParts({ header, palette: vocPalette(), pixels }, crc32));
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** CRC-32 of ISO 3309, bit by bit: fast enough, because label maps compress to a few kilobytes. */
function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc >>> 0;
}
