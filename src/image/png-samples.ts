/**
 * Pixel data to samples, for every form of PNG: 1 to 16 bits, interlaced or not. It needs no Node.
 * https://www.w3.org/TR/png-3/#7Scanline
 */
import { samplesPerPixel } from "./png-format.js";
import type { PngHeader } from "./png-format.js";
import { passesOf } from "./png-passes.js";
import type { Pass } from "./png-passes.js";
import { unfilter } from "./png-rows.js";

/** Samples row after row, as they are stored: 0 to 2^depth - 1. 16-bit ones take two bytes. */
export type Samples = Uint8Array | Uint16Array;

/**
 * The samples of a whole picture.
 * @param raw inflated pixel data, complete
 * @throws RangeError for an unknown filter
 */
export function samplesOf(header: PngHeader, raw: Uint8Array): Samples {
  const { width, height, depth, colourType, interlaced } = header;
  const channels = samplesPerPixel(colourType);
  const step = Math.max(1, (channels * depth) >> 3);
  if (depth === 8 && !interlaced) return unfilter(raw, width * channels, height, step);
  const length = width * height * channels;
  const out = depth === 16 ? new Uint16Array(length) : new Uint8Array(length);
  let at = 0;
  for (const pass of passesOf(header)) {
    const end = at + pass.rows * (1 + pass.rowBytes);
    const rows = unfilter(raw.subarray(at, end), pass.rowBytes, pass.rows, step);
    placeSamples(out, rows, pass, header);
    at = end;
  }
  return out;
}

/** Puts a pass's samples where they belong in the picture. */
function placeSamples(out: Samples, rows: Uint8Array, pass: Pass, { width, depth, colourType }: PngHeader): void {
  const channels = samplesPerPixel(colourType);
  for (let row = 0; row < pass.rows; row++) {
    const from = row * pass.rowBytes;
    const first = (pass.y + row * pass.dy) * width + pass.x;
    if (depth < 8) placePacked(out, rows, { from, first, pass, depth });
    else placeBytes(out, rows, { from, first, pass, channels });
  }
}

interface Row {
  /** Byte of the pass where the row starts. */
  readonly from: number;
  /** Pixel of the picture where it goes. */
  readonly first: number;
  readonly pass: Pass;
}

/** Samples of less than a byte are packed from the high bits down; such pixels have one sample. */
function placePacked(out: Samples, rows: Uint8Array, row: Row & { readonly depth: number }): void {
  const { from, first, pass, depth } = row;
  const mask = (1 << depth) - 1;
  let to = first;
  for (let column = 0; column < pass.columns; column++) {
    const bit = column * depth;
    const byte = rows[from + (bit >> 3)] as number;
    out[to] = (byte >> (8 - depth - (bit & 7))) & mask;
    to += pass.dx;
  }
}

/** Samples of one byte, or of two with the high byte first. */
function placeBytes(out: Samples, rows: Uint8Array, row: Row & { readonly channels: number }): void {
  const { from, first, pass, channels } = row;
  const isWide = out instanceof Uint16Array;
  const skipped = (pass.dx - 1) * channels;
  let at = from;
  let to = first * channels;
  for (let column = 0; column < pass.columns; column++) {
    for (let c = 0; c < channels; c++) {
      const byte = rows[at] as number;
      out[to] = isWide ? (byte << 8) | (rows[at + 1] as number) : byte;
      at += isWide ? 2 : 1;
      to++;
    }
    to += skipped;
  }
}
