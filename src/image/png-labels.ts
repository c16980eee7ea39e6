/** Reads label maps from PNG files of every form, in Node only. https://www.w3.org/TR/png-3/ */
import { orientationOf, turned } from "./orientation.js";
import { colourOf, vocPalette } from "./palette.js";
import { badImage } from "./picture.js";
import { COLOUR_TYPE, samplesPerPixel } from "./png-format.js";
import { openPng, pngSamples } from "./png-read.js";
import type { CheckedPng } from "./png-read.js";
import type { Samples } from "./png-samples.js";

export interface LabelMap {
  readonly width: number;
  readonly height: number;
  readonly labels: Uint8Array;
}

/** The label of each value in a file; undefined for values that are no labels. */
export type LabelMeaning = (value: number) => number | undefined;

/** Labels are bytes. */
const MAX_LABEL = 255;
const asStored: LabelMeaning = (value) => (value <= MAX_LABEL ? value : undefined);

/**
 * A label map: the indices of an indexed PNG, whatever its palette; the values of a grey one of any depth, with or
 * without alpha; or the labels of PASCAL VOC's colours in an RGB one.
 * @param labelOf what the values mean; default: the label itself, to 255
 * @throws bad-image for a value beyond 255, and for a colour that VOC's palette lacks
 */
export function decodeLabelPng(bytes: Uint8Array, name = "PNG", labelOf: LabelMeaning = asStored): LabelMap {
  const file = openPng(bytes, name);
  const { width, height, colourType, depth } = file.header;
  const samples = pngSamples(file);
  const isRgb = colourType === COLOUR_TYPE.rgb || colourType === COLOUR_TYPE.rgba;
  const values = isRgb ? valuesOfColours(samples, file) : samples;
  const step = isRgb ? 1 : samplesPerPixel(colourType);
  const table = Array.from({ length: isRgb ? MAX_LABEL + 1 : 2 ** depth }, (_, value) => labelOf(value));
  const labels = new Uint8Array(width * height);
  for (let i = 0; i < labels.length; i++) {
    const value = values[i * step] as number;
    const label = table[value];
    if (label === undefined) {
      const what = `${where(file, i)} has the value ${value}, labels go to ${MAX_LABEL}`;
      throw badImage(name, `${what}; say what it means with --map ${value}=LABEL`);
    }
    labels[i] = label;
  }
  const { width: columns, height: rows, data } = turned({ width, height, data: labels }, 1, orientationOf(file.exif));
  return { width: columns, height: rows, labels: data };
}

const where = ({ header }: CheckedPng, pixel: number): string =>
  `pixel (${pixel % header.width}, ${Math.floor(pixel / header.width)})`;

/** 0xrrggbb; NaN unless the three are whole. */
const colourNumber = (red: number, green: number, blue: number): number =>
  [red, green, blue].every(Number.isInteger) ? (red << 16) | (green << 8) | blue : NaN;

/** A sample of 16 bits stands for a byte where both its bytes are that byte. */
const BYTE_TWICE = 257;

/** The index that each pixel's colour has in VOC's palette, which has every colour once. */
function valuesOfColours(samples: Samples, file: CheckedPng): Uint8Array {
  const { width, height, colourType } = file.header;
  const step = samplesPerPixel(colourType);
  const unit = samples instanceof Uint16Array ? BYTE_TWICE : 1;
  const indices = vocIndices();
  const values = new Uint8Array(width * height);
  for (let i = 0; i < values.length; i++) {
    const red = (samples[i * step] as number) / unit;
    const green = (samples[i * step + 1] as number) / unit;
    const blue = (samples[i * step + 2] as number) / unit;
    const index = indices.get(colourNumber(red, green, blue));
    if (index === undefined) {
      const colour = [red, green, blue].map((value) => Math.floor(value).toString(16).padStart(2, "0")).join(" ");
      const what = `${where(file, i)} has the colour ${colour}, which is not in PASCAL VOC's palette`;
      throw badImage(file.name, `${what}; write the labels themselves, as grey values or as indices of a palette`);
    }
    values[i] = index;
  }
  return values;
}

function vocIndices(): Map<number, number> {
  const palette = vocPalette();
  const indices = Array.from({ length: palette.length / 3 }, (_, i) => i);
  return new Map(indices.map((i) => [colourNumber(...colourOf(palette, i)), i]));
}
