/**
 * PNG in and out, Node only. pngjs decodes (every bit depth and colour type, interlaced too); what it lacks is here: the raw
 * indices of a label map, writing indexed files, and a guard against headers that claim more pixels than the file can hold.
 * https://www.w3.org/TR/png-3/
 */
import { crc32, deflateSync } from "node:zlib";
import { PNG } from "pngjs";
import { FcnError, messageOf } from "../errors.js";
import { vocPalette } from "./palette.js";
import { toRgba } from "./picture.js";
import type { Picture, RgbaPicture } from "./picture.js";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
/** Deflate turns one byte into 1032 at the very most, so a header that asks for more is lying. */
const DEFLATE_RATIO = 1032;
const MAX_PIXELS = 1 << 28;

interface Header {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colourType: number;
}

const bad = (name: string, sentence: string, cause?: unknown): FcnError => new FcnError("bad-image", `${name}: ${sentence}`, { cause });

function readHeader(bytes: Uint8Array, name: string): Header {
  if (bytes.length === 0) throw bad(name, "the file is empty (0 bytes)");
  if (SIGNATURE.some((byte, i) => bytes[i] !== byte)) {
    const jpeg = bytes[0] === 0xff && bytes[1] === 0xd8;
    throw bad(name, `it is ${jpeg ? "a JPEG" : "no PNG"} (it starts with ${hex(bytes.subarray(0, 8))}); give it as PNG`);
  }
  if (bytes.length < 33) throw bad(name, `the PNG is cut off after ${bytes.length} bytes, inside its header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = { width: view.getUint32(16), height: view.getUint32(20), depth: bytes[24] as number, colourType: bytes[25] as number };
  const channels = CHANNELS[header.colourType];
  if (channels === undefined || header.width === 0 || header.height === 0) {
    throw bad(name, `the PNG header is damaged: ${header.width} x ${header.height}, colour type ${header.colourType}`);
  }
  const raw = header.height * Math.ceil((header.width * header.depth * channels) / 8);
  if (header.width * header.height > MAX_PIXELS || raw > bytes.length * DEFLATE_RATIO) {
    throw bad(name, `the PNG header claims ${header.width} x ${header.height}, more than its ${bytes.length} bytes can hold or the ${MAX_PIXELS} pixels allowed`);
  }
  return header;
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join(" ");

function decode(bytes: Uint8Array, name: string): { header: Header; rgba: Buffer } {
  const header = readHeader(bytes, name);
  try {
    const { data } = PNG.sync.read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    return { header, rgba: data };
  } catch (error) {
    const why = messageOf(error).split("\n")[0] ?? "";
    throw bad(name, `the PNG is damaged or cut off (${bytes.length} bytes): ${why}`, error);
  }
}

/** A PNG file's pixels as opaque RGBA: 16-bit samples are scaled to 8, transparency is put over white. @throws bad-image */
export function decodePng(bytes: Uint8Array, name = "PNG"): RgbaPicture {
  const { header, rgba } = decode(bytes, name);
  const data = new Uint8Array(rgba.buffer, rgba.byteOffset, rgba.byteLength);
  for (let i = 0; i < data.length; i += 4) {
    const alpha = data[i + 3] as number;
    if (alpha === 255) continue;
    for (let c = 0; c < 3; c++) data[i + c] = Math.round(((data[i + c] as number) * alpha + 255 * (255 - alpha)) / 255);
    data[i + 3] = 255;
  }
  return { width: header.width, height: header.height, data, channels: 4 };
}

export interface LabelMap {
  readonly width: number;
  readonly height: number;
  readonly labels: Uint8Array;
}

let indexOfColour: Map<number, number> | undefined;

/** A label map: an indexed PNG in the VOC palette, or an 8-bit grey one whose values are the labels. @throws bad-image */
export function decodeLabelPng(bytes: Uint8Array, name = "PNG"): LabelMap {
  const { header, rgba } = decode(bytes, name);
  const { width, height } = header;
  const grey = header.colourType === 0;
  if (!grey && header.colourType !== 3) throw bad(name, `colour type ${header.colourType} is no label map; it must be indexed (palette) or grey`);
  if (grey && header.depth !== 8) throw bad(name, `a grey label map needs 8 bits a pixel, got ${header.depth}`);
  if (!indexOfColour) {
    const palette = vocPalette();
    indexOfColour = new Map(Array.from({ length: 256 }, (_, i) => [colourAt(palette, i * 3), i]));
  }
  const labels = new Uint8Array(width * height);
  for (let i = 0; i < labels.length; i++) {
    const label = grey ? rgba[i * 4] : indexOfColour.get(colourAt(rgba, i * 4));
    if (label === undefined) {
      const colour = hex(rgba.subarray(i * 4, i * 4 + 3));
      throw bad(name, `pixel (${i % width}, ${Math.floor(i / width)}) has colour ${colour}, which is not in the PASCAL VOC palette`);
    }
    labels[i] = label;
  }
  return { width, height, labels };
}

const colourAt = (bytes: Uint8Array, i: number): number => ((bytes[i] as number) << 16) | ((bytes[i + 1] as number) << 8) | (bytes[i + 2] as number);

/** An RGBA PNG. */
export function encodePng(picture: Picture): Uint8Array {
  const { width, height, data } = toRgba(picture);
  const png = new PNG({ width, height, colorType: 6 });
  png.data = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const opaque = data.every((v, i) => i % 4 !== 3 || v === 255);
  return PNG.sync.write(png, { colorType: opaque ? 2 : 6, inputHasAlpha: true });
}

/** An indexed PNG in the 256-entry VOC palette: what segmentation tools exchange. pngjs cannot write palettes. */
export function encodeLabelPng(labels: Uint8Array, width: number, height: number): Uint8Array {
  if (labels.length !== width * height) throw bad("label map", `${width} x ${height} needs ${width * height} labels, got ${labels.length}`);
  const rows = new Uint8Array(height * (width + 1)); // each row starts with its filter type, 0
  for (let y = 0; y < height; y++) rows.set(labels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, 3, 0, 0, 0], 8); // 8 bits, indexed, deflate, no interlacing
  return Buffer.concat([Buffer.from(SIGNATURE), chunk("IHDR", header), chunk("PLTE", vocPalette()), chunk("IDAT", deflateSync(rows, { level: 9 })), chunk("IEND", new Uint8Array())]);
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(body, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

/** The same indexed PNG with index 0 transparent, to be laid over a picture. */
export function withTransparentBackground(png: Uint8Array): Uint8Array {
  const at = Buffer.from(png.buffer, png.byteOffset, png.byteLength).indexOf("IDAT", 0, "latin1") - 4;
  if (at < 0) throw bad("label map", "the PNG has no pixels (no IDAT)");
  return Buffer.concat([png.subarray(0, at), chunk("tRNS", new Uint8Array([0])), png.subarray(at)]);
}
