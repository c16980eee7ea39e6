/**
 * Label maps as indexed PNG files, in browsers and workers as in Node: deflate is the platform's CompressionStream.
 * (png.ts, for Node alone, also reads PNG.) https://www.w3.org/TR/png-3/
 */
import { FcnError } from "../base/errors.js";
import { vocPalette } from "./palette.js";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const INDEXED = 3;

/** An 8-bit indexed PNG whose indices are the labels, in PASCAL VOC's palette of 256 colours. @throws bad-image */
export async function labelPng(labels: Uint8Array, width: number, height: number): Promise<Uint8Array<ArrayBuffer>> {
  if (![width, height].every((side) => Number.isInteger(side) && side >= 1))
    throw new FcnError("bad-image", `label map: ${width} x ${height} is not a size of at least 1 x 1`);
  if (labels.length !== width * height)
    throw new FcnError(
      "bad-image",
      `label map: ${width} x ${height} needs ${width * height} labels, got ${labels.length}`,
    );
  const rows = new Uint8Array(height * (width + 1)); // each row starts with its filter type, 0
  for (let y = 0; y < height; y++) rows.set(labels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, INDEXED, 0, 0, 0], 8);
  const deflated = new Response(new Blob([rows]).stream().pipeThrough(new CompressionStream("deflate")));
  const pixels = new Uint8Array(await deflated.arrayBuffer());
  const parts = [
    Uint8Array.from(SIGNATURE),
    chunk("IHDR", header),
    chunk("PLTE", vocPalette()),
    chunk("IDAT", pixels),
    chunk("IEND", new Uint8Array()),
  ];
  const file = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(data.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = type.charCodeAt(i);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

/** CRC-32 of ISO 3309, bit by bit: label maps compress to a few kilobytes. */
function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc >>> 0;
}
