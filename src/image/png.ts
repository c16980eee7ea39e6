/**
 * PNG in and out, Node only. png-rows.ts decodes the common forms fast, pngjs the others (every bit depth and colour type,
 * interlaced too); what it lacks is here and in png-chunks.ts: a check of the whole file before it is believed, the raw indices
 * of a label map, and writing indexed files. https://www.w3.org/TR/png-3/
 */
import { crc32, deflateSync, inflateSync } from "node:zlib";
import { PNG } from "pngjs";
import { messageOf } from "../base/errors.js";
import { vocPalette } from "./palette.js";
import { toRgba } from "./picture.js";
import type { Picture, RgbaPicture } from "./picture.js";
import { SIGNATURE, badPng, damaged, hex, readChunks } from "./png-chunks.js";
import type { PngFile } from "./png-chunks.js";
import { SAMPLES, toRgbaSamples, unfilter } from "./png-rows.js";

/** Some encoders append a little to the pixel data, and other readers let that pass; more than this is a bomb. */
const SURPLUS = 1 << 16;

/** The container, and the certainty that the pixel data is whole: pngjs does not look, and fills what is missing with old memory. */
function check(bytes: Uint8Array, name: string): PngFile & { readonly raw: Uint8Array } {
  const file = readChunks(bytes, name, (data) => crc32(data));
  const { width, height } = file.header;
  let raw: Uint8Array;
  try {
    raw = inflateSync(file.data.length === 1 ? (file.data[0] as Uint8Array) : Buffer.concat(file.data), {
      maxOutputLength: file.rawLength + SURPLUS,
    });
  } catch (error) {
    const tooMuch = (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
    throw damaged(
      name,
      bytes,
      tooMuch
        ? `its pixel data is more than the ${file.rawLength} bytes of ${width} x ${height}`
        : `its pixel data cannot be unpacked (${messageOf(error)})`,
      error,
    );
  }
  if (raw.length < file.rawLength)
    throw damaged(name, bytes, `its pixel data is ${raw.length} bytes, ${width} x ${height} needs ${file.rawLength}`);
  return { ...file, raw };
}

/** What png-rows.ts reads: 8 bits a sample, not interlaced. */
const isPlain = ({ header }: PngFile): boolean => header.depth === 8 && !header.interlaced;

/** The samples of a plain file. */
function samplesOf({ header, raw }: ReturnType<typeof check>, bytes: Uint8Array, name: string): Uint8Array {
  const step = SAMPLES[header.colourType] as number;
  try {
    return unfilter(raw, header.width * step, header.height, step);
  } catch (error) {
    throw damaged(name, bytes, messageOf(error), error);
  }
}

function pixels(png: Uint8Array, bytes: Uint8Array, name: string, skipRescale = false): Buffer {
  try {
    // check() has seen to the checksums, with Node's own crc32 instead of pngjs's loop.
    return PNG.sync.read(Buffer.from(png.buffer, png.byteOffset, png.byteLength), { checkCRC: false, skipRescale })
      .data;
  } catch (error) {
    throw damaged(name, bytes, messageOf(error).split("\n")[0] ?? "", error);
  }
}

/** A PNG file's pixels as opaque RGBA: 16-bit samples are scaled to 8, transparency is put over white. @throws bad-image */
export function decodePng(bytes: Uint8Array, name = "PNG"): RgbaPicture {
  const file = check(bytes, name);
  const { header, end, palette, transparent } = file;
  const size = { width: header.width, height: header.height };
  let data: Uint8Array;
  if (isPlain(file) && !transparent) {
    const samples = samplesOf(file, bytes, name);
    try {
      data = toRgbaSamples(samples, size.width * size.height, header.colourType, palette);
    } catch (error) {
      throw badPng(name, messageOf(error), error);
    }
    if (header.colourType < 4) return { ...size, data, channels: 4 }; // there is no alpha
  } else {
    const rgba = pixels(bytes.subarray(0, end), bytes, name);
    data = new Uint8Array(rgba.buffer, rgba.byteOffset, rgba.byteLength);
  }
  for (let i = 0; i < data.length; i += 4) {
    const alpha = data[i + 3] as number;
    if (alpha === 255) continue;
    for (let c = 0; c < 3; c++) data[i + c] = Math.round(((data[i + c] as number) * alpha + 255 * (255 - alpha)) / 255);
    data[i + 3] = 255;
  }
  return { ...size, data, channels: 4 };
}

export interface LabelMap {
  readonly width: number;
  readonly height: number;
  readonly labels: Uint8Array;
}

/** A label map: an indexed PNG in the VOC palette, or an 8-bit grey one whose values are the labels. @throws bad-image */
export function decodeLabelPng(bytes: Uint8Array, name = "PNG"): LabelMap {
  const file = check(bytes, name);
  const { width, height, depth, colourType } = file.header;
  const grey = colourType === 0;
  if (!grey && colourType !== 3)
    throw badPng(name, `colour type ${colourType} is no label map; it must be indexed (palette) or grey`);
  if (grey && depth !== 8) throw badPng(name, `a grey label map needs 8 bits a pixel, got ${depth}`);
  const indices = isPlain(file) ? samplesOf(file, bytes, name) : indicesOf(file, bytes, name);
  if (grey) return { width, height, labels: indices };
  const table = labelsOfIndices(file.palette);
  const labels = new Uint8Array(width * height);
  for (let i = 0; i < labels.length; i++) {
    const index = indices[i] as number;
    const label = table[index];
    if (label === undefined) {
      const where = `pixel (${i % width}, ${Math.floor(i / width)})`;
      if (index * 3 >= file.palette.length)
        throw badPng(
          name,
          `${where} has index ${index}, the palette has ${Math.floor(file.palette.length / 3)} colours`,
        );
      throw badPng(
        name,
        `${where} has colour ${hex(file.palette.subarray(index * 3, index * 3 + 3))}, which is not in the PASCAL VOC palette`,
      );
    }
    labels[i] = label;
  }
  return { width, height, labels };
}

/** Read as grey, without palette and transparency, indices come out as they are. */
function indicesOf({ header, data }: PngFile, bytes: Uint8Array, name: string): Uint8Array {
  const { width, height, depth, interlaced } = header;
  const bare = Buffer.concat([
    Buffer.from(SIGNATURE),
    headerChunk(width, height, depth, 0, interlaced),
    chunk("IDAT", Buffer.concat(data)),
    chunk("IEND", new Uint8Array()),
  ]);
  const rgba = pixels(bare, bytes, name, true);
  return Uint8Array.from({ length: width * height }, (_, i) => rgba[i * 4] as number);
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

const colourAt = (bytes: Uint8Array, i: number): number =>
  ((bytes[i] as number) << 16) | ((bytes[i + 1] as number) << 8) | (bytes[i + 2] as number);

/** An RGBA PNG. */
export function encodePng(picture: Picture): Uint8Array {
  const { width, height, data } = toRgba(picture);
  const png = new PNG({ width, height, colorType: 6 });
  png.data = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  let opaque = true;
  for (let i = 3; i < data.length && opaque; i += 4) opaque = data[i] === 255;
  // Paeth alone: half the time of trying all five filters on each row, for files of the same size.
  return PNG.sync.write(png, { colorType: opaque ? 2 : 6, inputHasAlpha: true, filterType: 4 });
}

/** An indexed PNG in the 256-entry VOC palette: what segmentation tools exchange. pngjs cannot write palettes. */
export const encodeLabelPng = (labels: Uint8Array, width: number, height: number): Uint8Array =>
  encodeBytes("label map", labels, width, height, vocPalette());

/** A grey PNG of one byte a pixel: masks, probabilities. */
export const encodeGreyPng = (values: Uint8Array, width: number, height: number): Uint8Array =>
  encodeBytes("grey picture", values, width, height);

function encodeBytes(
  what: string,
  values: Uint8Array,
  width: number,
  height: number,
  palette?: Uint8Array,
): Uint8Array {
  if (!(width >= 1 && height >= 1 && Number.isInteger(width) && Number.isInteger(height)))
    throw badPng(what, `${width} x ${height} is not a size of at least 1 x 1`);
  if (values.length !== width * height)
    throw badPng(
      what,
      `${width} x ${height} needs ${width * height} ${palette ? "labels" : "values"}, got ${values.length}`,
    );
  const rows = new Uint8Array(height * (width + 1)); // each row starts with its filter type, 0
  for (let y = 0; y < height; y++) rows.set(values.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  const head = headerChunk(width, height, 8, palette ? 3 : 0, false);
  return Buffer.concat([
    Buffer.from(SIGNATURE),
    head,
    ...(palette ? [chunk("PLTE", palette)] : []),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", new Uint8Array()),
  ]);
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
