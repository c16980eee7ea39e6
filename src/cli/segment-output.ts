/** What `fcn segment` makes of a label map: the formats, and the words and records that describe it. */
import { legendOverlay } from "../image/legend.js";
import type { RgbaPicture } from "../image/picture.js";
import { encodeGreyPng, encodeLabelPng, encodePng } from "../image/png.js";
import { classAreas } from "../image/regions.js";
import type { ClassArea } from "../image/regions.js";
import type { Scores } from "../models/segmentation.js";
import { UsageError } from "./command.js";

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

/** A picture's result, with classes that were not asked for already made background. */
export interface Result {
  /** As named on the command line. */
  readonly image: string;
  readonly variant: string;
  readonly classNames: readonly string[];
  readonly picture: RgbaPicture;
  readonly labels: Uint8Array;
  /** 255 where one of the classes asked for is, or any but the background where none was; 0 elsewhere. */
  readonly mask: Uint8Array;
  readonly areas: readonly ClassArea[];
  /** Probability of each pixel's label, with --probabilities. */
  readonly confidence?: Float32Array;
  readonly notice?: string | undefined;
}

/** "person,dog" as labels: names in any case, or numbers. @throws UsageError with the names there are */
export function chosenClasses(text: string, classNames: readonly string[]): Set<number> {
  const labels = text.split(",").map((part) => {
    const word = part.trim().toLowerCase();
    const found = classNames.findIndex((name) => name.toLowerCase() === word);
    const label = found < 0 && /^\d{1,3}$/.test(word) ? Number(word) : found;
    if (label < 0 || label >= classNames.length)
      throw new UsageError(`segment: --classes ${part.trim()} is not one of ${classNames.join(", ")}`);
    return label;
  });
  return new Set(labels);
}

/** Labels, mask and areas, with what is not `chosen` as background. */
export function selected(
  labels: Uint8Array,
  { width, height }: { readonly width: number; readonly height: number },
  chosen: ReadonlySet<number> | undefined,
): Pick<Result, "labels" | "mask" | "areas"> {
  const kept = chosen ? labels.map((label) => (chosen.has(label) ? label : 0)) : labels;
  const mask = labels.map((label) => ((chosen ? chosen.has(label) : label !== 0) ? 255 : 0));
  return {
    labels: kept,
    mask,
    areas: classAreas(kept, width, height, Math.max(1, Math.round(width * height * SMALLEST_REGION))),
  };
}

/**
 * The probability of each pixel's label. With `chosen` classes the background stands for all the others, so its probability is
 * the sum of theirs.
 */
export function confidenceOf(
  { data, shape }: Scores,
  labels: Uint8Array,
  chosen: ReadonlySet<number> | undefined,
): Float32Array {
  const [, classes] = shape;
  const pixels = labels.length;
  const others = chosen ? Array.from({ length: classes }, (_, c) => c).filter((c) => c === 0 || !chosen.has(c)) : [0];
  return Float32Array.from(labels, (label, i) => {
    if (label !== 0) return data[label * pixels + i] as number;
    return others.reduce((sum, c) => sum + (data[c * pixels + i] as number), 0);
  });
}

function meanConfidence({ confidence, labels }: Result, label: number): number {
  let [sum, count] = [0, 0];
  labels.forEach((own, i) => {
    if (own !== label) return;
    sum += confidence?.[i] ?? NaN;
    count++;
  });
  return Number((sum / count).toFixed(4));
}

const nameOf = ({ classNames }: Result, label: number): string => classNames[label] ?? `class ${label}`;

/** What the format json holds of a picture. */
function documentOf(result: Result): Record<string, unknown> {
  const { image, variant, picture, areas, confidence, notice } = result;
  const { width, height } = picture;
  const classes = areas.map(({ label, pixels, box, regions }) => ({
    class: label,
    name: nameOf(result, label),
    pixels,
    share: Number((pixels / (width * height)).toFixed(6)),
    box,
    ...(label === 0 ? {} : { regions }),
    ...(confidence ? { confidence: meanConfidence(result, label) } : {}),
  }));
  return { image, width, height, variant, classes, ...(notice === undefined ? {} : { notice }) };
}

/** One format of a result, as its file's contents. */
export function encode(format: Format, result: Result): Uint8Array {
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

/** The confidence as a picture: black is 0, white is 1. */
export const encodeConfidence = (confidence: Float32Array, width: number, height: number): Uint8Array =>
  encodeGreyPng(
    Uint8Array.from(confidence, (p) => Math.round(255 * Math.min(1, p))),
    width,
    height,
  );

/** One line for people. */
export function describe(result: Result, ms: number): string {
  const { image, picture, areas } = result;
  const { width, height } = picture;
  const found = areas
    .map(({ label, pixels }) => `${nameOf(result, label)} ${((100 * pixels) / (width * height)).toFixed(1)} %`)
    .join(", ");
  return `${image}  ${width} x ${height}  ${ms} ms  ${found}`;
}
