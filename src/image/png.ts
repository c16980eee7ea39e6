/**
 * PNG in and out, Node only. pngjs decodes (every bit depth and colour type, interlaced too); what it lacks is here and in
 * png-chunks.ts: a check of the whole file before it is believed, the raw indices of a label map, and writing indexed files.
 * https://www.w3.org/TR/png-3/
 */
import { crc32, deflateSync, inflateSync } from "node:zlib";
import { PNG } from "pngjs";
import { messageOf } from "../errors.js";
import { vocPalette } from "./palette.js";
import { toRgba } from "./picture.js";
import type { Picture, RgbaPicture } from "./picture.js";
import { SIGNATURE, badPng, damaged, hex, readChunks } from "./png-chunks.js";
import type { PngFile } from "./png-chunks.js";

/** Some encoders append a little to the pixel data, and other readers let that pass; more than this is a bomb. */
const SURPLUS = 1 << 16;

/** The container, and the certainty that the pixel data is whole: pngjs does not look, and fills what is missing with old memory. */
function check(bytes: Uint8Array, name: string): PngFile {
  const file = readChunks(bytes, name, (data) => crc32(data));
  const { width, height } = file.header;
  let length: number;
  try {
    length = inflateSync(Buffer.concat(file.data), { maxOutputLength: file.rawLength + SURPLUS }).length;
  } catch (error) {
    const tooMuch = (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
    throw damaged(name, bytes, tooMuch ? `its pixel data is more than the ${file.rawLength} bytes of ${width} x ${height}` : `its pixel data cannot be unpacked (${messageOf(error)})`, error);
  }
  if (length < file.rawLength) throw damaged(name, bytes, `its pixel data is ${length} bytes, ${width} x ${height} needs ${file.rawLength}`);
  return file;
}

function pixels(png: Uint8Array, bytes: Uint8Array, name: string, skipRescale = false): Buffer {
  try {
    // check() has seen to the checksums, with Node's own crc32 instead of pngjs's loop.
    return PNG.sync.read(Buffer.from(png.buffer, png.byteOffset, png.byteLength), { checkCRC: false, skipRescale }).data;
  } catch (error) {
    throw damaged(name, bytes, messageOf(error).split("\n")[0] ?? "", error);
  }
}

/** A PNG file's pixels as opaque RGBA: 16-bit samples are scaled to 8, transparency is put over white. @throws bad-image */
export function decodePng(bytes: Uint8Array, name = "PNG"): RgbaPicture {
  const { header, end } = check(bytes, name);
  const rgba = pixels(bytes.subarray(0, end), bytes, name);
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

/** A label map: an indexed PNG in the VOC palette, or an 8-bit grey one whose values are the labels. @throws bad-image */
export function decodeLabelPng(bytes: Uint8Array, name = "PNG"): LabelMap {
  const file = check(bytes, name);
  const { width, height, depth, colourType, interlaced } = file.header;
  const grey = colourType === 0;
  if (!grey && colourType !== 3) throw badPng(name, `colour type ${colourType} is no label map; it must be indexed (palette) or grey`);
  if (grey && depth !== 8) throw badPng(name, `a grey label map needs 8 bits a pixel, got ${depth}`);
  // Read as grey, without palette and transparency, indices come out as they are.
  const bare = Buffer.concat([Buffer.from(SIGNATURE), headerChunk(width, height, depth, 0, interlaced), chunk("IDAT", Buffer.concat(file.data)), chunk("IEND", new Uint8Array())]);
  const rgba = pixels(bare, bytes, name, true);
  const table = grey ? undefined : labelsOfIndices(file.palette);
  const labels = new Uint8Array(width * height);
  for (let i = 0; i < labels.length; i++) {
    const index = rgba[i * 4] as number;
    const label = table ? table[index] : index;
    if (label === undefined) {
      const where = `pixel (${i % width}, ${Math.floor(i / width)})`;
      if (index * 3 >= file.palette.length) throw badPng(name, `${where} has index ${index}, the palette has ${Math.floor(file.palette.length / 3)} colours`);
      throw badPng(name, `${where} has colour ${hex(file.palette.subarray(index * 3, index * 3 + 3))}, which is not in the PASCAL VOC palette`);
    }
    labels[i] = label;
  }
  return { width, height, labels };
}

/**
 * The label of each index of a file's palette; undefined where its colour is none of VOC's. Colours decide, so that files whose
 * palette an optimizer reordered are read right. But where a tool wrote the colours of its classes and left the rest black,
 * void (255) must not become background: there, as in every other reader, the index is the label.
 */
function labelsOfIndices(palette: Uint8Array): (number | undefined)[] {
  const voc = vocPalette();
  const labelOf = new Map(Array.from({ length: 256 }, (_, i) => [colourAt(voc, i * 3), i]));
  const padded = colourAt(palette, 0) === 0;
  return Array.from({ length: Math.floor(palette.length / 3) }, (_, i) => {
    const colour = colourAt(palette, i * 3);
    return padded && colour === 0 ? i : labelOf.get(colour);
  });
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
  if (!(width >= 1 && height >= 1 && Number.isInteger(width) && Number.isInteger(height))) throw badPng("label map", `${width} x ${height} is not a size of at least 1 x 1`);
  if (labels.length !== width * height) throw badPng("label map", `${width} x ${height} needs ${width * height} labels, got ${labels.length}`);
  const rows = new Uint8Array(height * (width + 1)); // each row starts with its filter type, 0
  for (let y = 0; y < height; y++) rows.set(labels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  return Buffer.concat([Buffer.from(SIGNATURE), headerChunk(width, height, 8, 3, false), chunk("PLTE", vocPalette()), chunk("IDAT", deflateSync(rows, { level: 9 })), chunk("IEND", new Uint8Array())]);
}

function headerChunk(width: number, height: number, depth: number, colourType: number, interlaced: boolean): Buffer {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([depth, colourType, 0, 0, interlaced ? 1 : 0], 8);
  return chunk("IHDR", header);
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
  if (at < 0) throw badPng("label map", "the PNG has no pixels (no IDAT)");
  return Buffer.concat([png.subarray(0, at), chunk("tRNS", new Uint8Array([0])), png.subarray(at)]);
}
