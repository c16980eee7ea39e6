/** What `fcn segment` makes of a label map: the contents of its files, and the line that describes it. */
import { defined } from "../base/defined.js";
import { shown } from "../base/printable.js";
import { legendOverlay } from "../image/legend.js";
import { classMask, findClass, keepClasses } from "../image/masks.js";
import type { NamedClass } from "../image/named-classes.js";
import { BACKGROUND_LABEL } from "../image/palette.js";
import type { PictureSize, RgbaPicture } from "../image/picture.js";
import { encodeGreyPng, encodeLabelPng, encodePng } from "../image/png.js";
import { classAreas } from "../image/regions.js";
import type { ClassArea } from "../image/regions.js";
import type { Scores } from "../models/segmentation.js";
import { UsageError, listOf } from "./command.js";
import { encodeNpy } from "./npy.js";

export const FORMATS = ["labels", "overlay", "mask", "json"] as const;
export type Format = (typeof FORMATS)[number];

export const ENDINGS: Readonly<Record<Format | "probabilities" | "confidence" | "logits", string>> = {
  labels: ".labels.png",
  overlay: ".overlay.png",
  mask: ".mask.png",
  json: ".json",
  probabilities: ".probabilities.npy",
  confidence: ".confidence.png",
  logits: ".logits.f32",
};

/** Regions smaller than this share of the picture are specks, not objects. */
const SMALLEST_REGION = 0.001;

const WHITE = 255;
/** Longer than any path may be. */
export const LONGEST_NAME = 2 ** 13;

/** A picture, what the network found in it, and what is wanted of that. */
export interface LabelledPicture extends PictureSize {
  /** The picture's path, or "stdin". */
  readonly image: string;
  readonly variant: string;
  readonly classNames: readonly string[];
  /** RGBA, for the overlay. */
  readonly pixels?: RgbaPicture["data"];
  readonly labels: Uint8Array;
  /** With --probabilities. */
  readonly probabilities?: Pick<Scores, "data" | "shape">;
  /** Labels that are kept; without it all. */
  readonly chosen?: ReadonlySet<number>;
  readonly notice?: string;
  readonly formats: readonly Format[];
}

/** A picture's result. Classes that were not asked for are background already. */
interface KeptParts {
  readonly labels: Uint8Array;
  /** 255 where one of the classes asked for is (without any: where the background is not), 0 elsewhere. */
  readonly mask: Uint8Array;
  readonly areas: readonly ClassArea[];
  /** Probability of each pixel's label, with --probabilities. */
  readonly confidence?: Float32Array;
}

/** The contents of a result's file. */
export interface EncodedFile {
  readonly ending: string;
  readonly data: Uint8Array;
}

/** What was found in a picture, and its files in the order in which they are named. */
export interface EncodedResult {
  readonly found: readonly FoundClass[];
  readonly files: readonly EncodedFile[];
}

/** "person,dog" or "15,12" as labels. @throws UsageError with the names there are */
export function chosenClasses(text: string, classNames: readonly string[]): Set<number> {
  const labels = listOf(text).flatMap((word) => {
    const found = findClass(word, classNames);
    if (!found.length)
      throw new UsageError(`segment: --classes ${word || '""'} is not one of ${classNames.join(", ")}`);
    return found;
  });
  return new Set(labels);
}

/** Labels, mask and areas. Labels that are not `chosen` become background; undefined keeps all. */
export function chosenParts(
  labels: Uint8Array,
  { width, height }: { readonly width: number; readonly height: number },
  chosen: ReadonlySet<number> | undefined,
): Pick<KeptParts, "labels" | "mask" | "areas"> {
  const kept = chosen ? keepClasses(labels, chosen) : labels;
  const smallest = Math.max(1, Math.round(width * height * SMALLEST_REGION));
  return {
    labels: kept,
    areas: classAreas(kept, width, height, smallest),
    /** Made when it is asked for: few runs want it. */
    get mask() {
      return classMask(labels, chosen);
    },
  };
}

/**
 * The probability of each pixel's label. With `chosen` classes the background includes all others, so its probability
 * is the sum of theirs.
 * @param scores probabilities [1, classes, height, width]
 */
export function confidenceOf(
  scores: Pick<Scores, "data" | "shape">,
  labels: Uint8Array,
  chosen: ReadonlySet<number> | undefined,
): Float32Array {
  const [, classes] = scores.shape;
  const pixels = labels.length;
  const probabilityOf = (label: number, pixel: number): number => scores.data[label * pixels + pixel] as number;
  const allLabels = Array.from({ length: classes }, (_, label) => label);
  const counted = allLabels.filter((label) => label === BACKGROUND_LABEL || (chosen && !chosen.has(label)));
  return Float32Array.from(labels, (label, pixel) => {
    if (label !== BACKGROUND_LABEL) return probabilityOf(label, pixel);
    return counted.reduce((sum, own) => sum + probabilityOf(own, pixel), 0);
  });
}

const roundedTo = (value: number, digits: number): number => Number(value.toFixed(digits));

function meanConfidence({ confidence, labels }: KeptParts, label: number): number {
  let sum = 0;
  let count = 0;
  labels.forEach((own, i) => {
    if (own !== label) return;
    sum += confidence?.[i] ?? NaN;
    count++;
  });
  return roundedTo(sum / count, 4);
}

/** A class that was found, in the format json and in the lines of --json. */
export interface FoundClass extends NamedClass {
  readonly pixels: number;
  /** Of the picture's pixels. */
  readonly share: number;
  readonly box: ClassArea["box"];
  /** Not of the background. */
  readonly regions?: ClassArea["regions"];
  /** Mean probability of its pixels, with --probabilities. */
  readonly confidence?: number;
}

function foundClasses({ width, height, classNames }: LabelledPicture, kept: KeptParts): FoundClass[] {
  return kept.areas.map(({ label, pixels, box, regions }) => ({
    class: label,
    name: classNames[label] ?? `class ${label}`,
    pixels,
    share: roundedTo(pixels / (width * height), 6),
    box,
    ...(label === BACKGROUND_LABEL ? {} : { regions }),
    ...(kept.confidence ? { confidence: meanConfidence(kept, label) } : {}),
  }));
}

/** The contents of a result's file in one format. */
function encode(format: Format, of: LabelledPicture, kept: KeptParts, found: readonly FoundClass[]): Uint8Array {
  const { image, width, height, variant, classNames, pixels, notice } = of;
  switch (format) {
    case "labels":
      return encodeLabelPng(kept.labels, width, height);
    case "overlay": {
      if (!pixels) throw new TypeError(`${image}: the overlay needs the pixels of the picture`);
      const picture: RgbaPicture = { width, height, data: pixels, channels: 4 };
      return encodePng(legendOverlay(picture, kept.labels, classNames));
    }
    case "mask":
      return encodeGreyPng(kept.mask, width, height);
    case "json": {
      const document = { image, width, height, variant, classes: found, ...defined({ notice }) };
      return Buffer.from(`${JSON.stringify(document)}\n`);
    }
  }
}

/** The confidence as a grey picture: black is 0, white is 1. */
function encodeConfidence(confidence: Float32Array, { width, height }: PictureSize): Uint8Array {
  const grey = Uint8Array.from(confidence, (share) => Math.round(WHITE * Math.min(1, share)));
  return encodeGreyPng(grey, width, height);
}

/** Everything that is written of a picture but the logits, which are written as they are. */
export function encodeResult(of: LabelledPicture): EncodedResult {
  const { labels, probabilities, chosen, formats } = of;
  const parts = chosenParts(labels, of, chosen);
  const confidence = probabilities && confidenceOf(probabilities, parts.labels, chosen);
  const kept = Object.assign(parts, defined({ confidence }));
  const found = foundClasses(of, kept);
  const files = formats.map((format) => ({ ending: ENDINGS[format], data: encode(format, of, kept, found) }));
  if (probabilities)
    files.push({ ending: ENDINGS.probabilities, data: encodeNpy(probabilities.data, probabilities.shape.slice(1)) });
  if (confidence) files.push({ ending: ENDINGS.confidence, data: encodeConfidence(confidence, of) });
  return { found, files };
}

/** One line for people. */
export function describeResult(
  { image, width, height }: Pick<LabelledPicture, "image" | "width" | "height">,
  found: readonly FoundClass[],
  ms: number,
): string {
  const shares = found.map(({ name, pixels }) => `${name} ${((100 * pixels) / (width * height)).toFixed(1)} %`);
  return `${shown(image, LONGEST_NAME)}  ${width} x ${height}  ${ms} ms  ${shares.join(", ")}`;
}
