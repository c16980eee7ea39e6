/** Reads label maps from PNG files, in Node only: indices of a palette, or grey values. https://www.w3.org/TR/png-3/ */
import { crc32 } from "node:zlib";
import { toHex } from "../base/hex.js";
import { vocPalette } from "./palette.js";
import { badImage } from "./picture.js";
import { COLOUR_TYPE, pngParts } from "./png-format.js";
import { isPlain, openPng, plainSamples, pngjsPixels } from "./png-read.js";
import type { CheckedPng } from "./png-read.js";

export interface LabelMap {
  readonly width: number;
  readonly height: number;
  readonly labels: Uint8Array;
}

/**
 * A label map: an indexed PNG in the VOC palette, or an 8-bit grey one whose values are the labels.
 * @throws bad-image for other kinds of PNG, and for colours that the palette lacks
 */
export function decodeLabelPng(bytes: Uint8Array, name = "PNG"): LabelMap {
  const file = openPng(bytes, name);
  const { width, height, depth, colourType } = file.header;
  const isGrey = colourType === COLOUR_TYPE.grey;
  if (!isGrey && colourType !== COLOUR_TYPE.indexed)
    throw badImage(name, `colour type ${colourType} is no label map; it must be indexed (palette) or grey`);
  if (isGrey && depth !== 8) throw badImage(name, `a grey label map needs 8 bits a pixel, got ${depth}`);
  const indices = isPlain(file) ? plainSamples(file) : indicesByPngjs(file);
  return { width, height, labels: isGrey ? indices : labelsOfIndices(indices, file) };
}

/** The raw indices. pngjs applies palettes, so it gets the same pixel data as a grey file without a palette. */
function indicesByPngjs(file: CheckedPng): Uint8Array {
  const { header, data } = file;
  const grey = { ...header, colourType: COLOUR_TYPE.grey };
  const parts = pngParts({ header: grey, pixels: Buffer.concat(data) }, (bytes) => crc32(bytes));
  const rgba = pngjsPixels(Buffer.concat(parts), file, true);
  return Uint8Array.from({ length: header.width * header.height }, (_, i) => rgba[i * 4] as number);
}

function labelsOfIndices(indices: Uint8Array, file: CheckedPng): Uint8Array {
  const labelOfIndex = labelTable(file.palette);
  const labels = new Uint8Array(file.header.width * file.header.height);
  for (let i = 0; i < labels.length; i++) {
    const index = indices[i] as number;
    const label = labelOfIndex[index];
    if (label === undefined) throw unknownColour(file, i, index);
    labels[i] = label;
  }
  return labels;
}

function unknownColour({ header, palette, name }: CheckedPng, pixel: number, index: number): Error {
  const where = `pixel (${pixel % header.width}, ${Math.floor(pixel / header.width)})`;
  if (index * 3 >= palette.length)
    return badImage(name, `${where} has index ${index}, the palette has ${Math.floor(palette.length / 3)} colours`);
  const colour = toHex(palette.subarray(index * 3, index * 3 + 3), " ");
  return badImage(name, `${where} has colour ${colour}, which is not in the PASCAL VOC palette`);
}

/**
 * The label of each index of a file's palette; undefined where VOC's palette lacks the colour. Colours decide, because
 * tools that optimise files reorder palettes. One exception: some tools write the colours of their classes and leave
 * the rest black. There the index is the label, as in other readers, so that void (255) does not become background.
 */
function labelTable(palette: Uint8Array): (number | undefined)[] {
  const voc = vocPalette();
  const labelOf = new Map(Array.from({ length: 256 }, (_, i) => [colourNumber(voc, i), i]));
  const startsBlack = colourNumber(palette, 0) === 0;
  return Array.from({ length: Math.floor(palette.length / 3) }, (_, index) => {
    const colour = colourNumber(palette, index);
    return startsBlack && colour === 0 ? index : labelOf.get(colour);
  });
}

/** The colour of an index as 0xrrggbb. */
function colourNumber(palette: Uint8Array, index: number): number {
  const at = index * 3;
  return ((palette[at] as number) << 16) | ((palette[at + 1] as number) << 8) | (palette[at + 2] as number);
}
