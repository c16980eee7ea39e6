/** What `fcn segment` makes of a label map: the contents of each format, and the line that describes it. */
import { defined } from "../base/defined.js";
import { legendOverlay } from "../image/legend.js";
import { classMask, findClass, keepClasses } from "../image/masks.js";
import { BACKGROUND_LABEL } from "../image/palette.js";
import type { RgbaPicture } from "../image/picture.js";
import { encodeGreyPng, encodeLabelPng, encodePng } from "../image/png.js";
import { classAreas } from "../image/regions.js";
import type { ClassArea } from "../image/regions.js";
import type { Scores } from "../models/segmentation.js";
import { UsageError, listOf } from "./command.js";
import type { NamedClass } from "../image/named-classes.js";

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

/** A picture's result. Classes that were not asked for are background already. */
export interface SegmentedPicture {
  /** The picture's path, or "stdin". */
  readonly image: string;
  readonly variant: string;
  readonly classNames: readonly string[];
  readonly picture: RgbaPicture;
  readonly labels: Uint8Array;
  /** 255 where one of the classes asked for is (without any: where the background is not), 0 elsewhere. */
  readonly mask: Uint8Array;
  readonly areas: readonly ClassArea[];
  /** Probability of each pixel's label, with --probabilities. */
  readonly confidence?: Float32Array;
  readonly notice?: string | undefined;
}

/** "person,dog" or "15,12" as labels. @throws UsageError with the names there are */
export function chosenClasses(text: string, classNames: readonly string[]): Set<number> {
  const labels = listOf(text).flatMap((word) => {
    const found = findClass(word, classNames);
    if (!found.length) throw new UsageError(`segment: --classes ${word} is not one of ${classNames.join(", ")}`);
    return found;
  });
  return new Set(labels);
}

/** Labels, mask and areas. Labels that are not `chosen` become background; undefined keeps all. */
export function chosenParts(
  labels: Uint8Array,
  { width, height }: { readonly width: number; readonly height: number },
  chosen: ReadonlySet<number> | undefined,
): Pick<SegmentedPicture, "labels" | "mask" | "areas"> {
  const kept = chosen ? keepClasses(labels, chosen) : labels;
  const smallest = Math.max(1, Math.round(width * height * SMALLEST_REGION));
  return { labels: kept, mask: classMask(labels, chosen), areas: classAreas(kept, width, height, smallest) };
}

/**
 * The probability of each pixel's label. With `chosen` classes the background includes all others, so its probability
 * is the sum of theirs.
 * @param scores probabilities [1, classes, height, width]
 */
export function confidenceOf(
  scores: Scores,
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

function meanConfidence({ confidence, labels }: SegmentedPicture, label: number): number {
  let sum = 0;
  let count = 0;
  labels.forEach((own, i) => {
    if (own !== label) return;
    sum += confidence?.[i] ?? NaN;
    count++;
  });
  return roundedTo(sum / count, 4);
}

const classNameOf = ({ classNames }: Pick<SegmentedPicture, "classNames">, label: number): string =>
  classNames[label] ?? `class ${label}`;

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

export function foundClasses(result: SegmentedPicture, { hasRegions = true } = {}): FoundClass[] {
  const { picture, areas, confidence } = result;
  return areas.map(({ label, pixels, box, regions }) => ({
    class: label,
    name: classNameOf(result, label),
    pixels,
    share: roundedTo(pixels / (picture.width * picture.height), 6),
    box,
    ...(label === BACKGROUND_LABEL || !hasRegions ? {} : { regions }),
    ...(confidence ? { confidence: meanConfidence(result, label) } : {}),
  }));
}

/** The format json. */
function documentOf(result: SegmentedPicture): Record<string, unknown> {
  const { image, variant, picture, notice } = result;
  const { width, height } = picture;
  return { image, width, height, variant, classes: foundClasses(result), ...defined({ notice }) };
}

/** The contents of a result's file in one format. */
export function encode(format: Format, result: SegmentedPicture): Uint8Array {
  const { picture, labels, mask, classNames } = result;
  const { width, height } = picture;
  switch (format) {
    case "labels":
      return encodeLabelPng(labels, width, height);
    case "overlay":
      return encodePng(legendOverlay(picture, labels, classNames));
    case "mask":
      return encodeGreyPng(mask, width, height);
    case "json":
      return Buffer.from(`${JSON.stringify(documentOf(result))}\n`);
  }
}

/** The confidence as a grey picture: black is 0, white is 1. */
export function encodeConfidence(confidence: Float32Array, width: number, height: number): Uint8Array {
  const grey = Uint8Array.from(confidence, (share) => Math.round(WHITE * Math.min(1, share)));
  return encodeGreyPng(grey, width, height);
}

/** One line for people. */
export function describeResult(result: SegmentedPicture, ms: number): string {
  const { image, picture, areas } = result;
  const { width, height } = picture;
  const found = areas.map(({ label, pixels }) => {
    const share = ((100 * pixels) / (width * height)).toFixed(1);
    return `${classNameOf(result, label)} ${share} %`;
  });
  return `${image}  ${width} x ${height}  ${ms} ms  ${found.join(", ")}`;
}
