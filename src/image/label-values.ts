/** Label maps of PNG files of every form. It needs no Node: png-labels.ts and read-label-png.ts open the files. */
import { MAX_LABEL } from "./label-checks.js";
import { orientationOf, turned } from "./orientation.js";
import { colourOf, vocPalette } from "./palette.js";
import { badImage } from "./picture.js";
import { COLOUR_TYPE, samplesPerPixel } from "./png-format.js";
import { pngSamples } from "./png-open.js";
import type { CheckedPng } from "./png-open.js";
import type { Samples } from "./png-samples.js";

/** A label map: the class of every pixel. */
export interface LabelMap {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** One label (0 to 255) a pixel, row by row. */
  readonly labels: Uint8Array;
}

/** A label map's values before anything says what they mean. */
export interface LabelValues {
  readonly width: number;
  readonly height: number;
  readonly values: Samples;
}

/**
 * A label map's values: the indices of an indexed PNG, whatever its palette; the values of a grey one of any depth,
 * with or without alpha; or the labels of PASCAL VOC's colours in an RGB one.
 * @throws bad-image for a colour that VOC's palette lacks
 */
export function labelValuesOf(file: CheckedPng): LabelValues {
  const { width, height, colourType } = file.header;
  const samples = pngSamples(file);
  const isRgb = colourType === COLOUR_TYPE.rgb || colourType === COLOUR_TYPE.rgba;
  const values = isRgb ? valuesOfColours(samples, file) : firstOfEach(samples, samplesPerPixel(colourType));
  return turnedValues({ width, height, values }, orientationOf(file.exif));
}

/** A label map whose values are its labels. @throws bad-image as labelValuesOf(), and for a value beyond 255 */
export function labelMapOf(file: CheckedPng): LabelMap {
  const { name } = file;
  const { width, height, values } = labelValuesOf(file);
  const wrong = values.findIndex((value: number) => value > MAX_LABEL);
  if (wrong >= 0) {
    const what = `${positionOf(wrong, width)} has the value ${values[wrong]}, labels go to ${MAX_LABEL}`;
    throw badImage(name, `${what}; write the labels with 8 bits`);
  }
  return { width, height, labels: values instanceof Uint8Array ? values : Uint8Array.from(values) };
}

/** The first sample of each pixel. */
function firstOfEach(samples: Samples, step: number): Samples {
  return step === 1 ? samples : samples.filter((_: number, i: number) => i % step === 0);
}

function turnedValues(map: LabelValues, orientation: number): LabelValues {
  if (orientation === 1) return map;
  const { width, height, values } = map;
  const { buffer, byteOffset, byteLength, BYTES_PER_ELEMENT } = values;
  const data = new Uint8Array(buffer, byteOffset, byteLength);
  const upright = turned({ width, height, data }, BYTES_PER_ELEMENT, orientation);
  const isWide = values instanceof Uint16Array;
  const size = { width: upright.width, height: upright.height };
  return { ...size, values: isWide ? new Uint16Array(upright.data.buffer) : upright.data };
}

const positionOf = (pixel: number, width: number): string => `pixel (${pixel % width}, ${Math.floor(pixel / width)})`;

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
      const what = `${positionOf(i, width)} has the colour ${colour}, which is not in PASCAL VOC's palette`;
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
