/** Labelled pictures, and how they are prepared: resized for the network, and varied for the training. */
import { FcnError, badOption, badShape } from "../base/errors.js";
import { typeName } from "../base/options.js";
import { fnv1a } from "../base/hash.js";
import { seeded } from "../base/random.js";
import { shrink } from "../image/shrink.js";
import { copiedBytes, toRgba } from "../image/picture.js";
import type { Picture, RgbaPicture } from "../image/picture.js";
import { networkSize } from "../models/preprocessing.js";
import type { Resize } from "../models/preprocessing.js";

/** The label of pixels that do not count. */
export const IGNORED = 255;

/** A picture with a label for each of its pixels. */
export interface TrainingSample {
  /** The same for the same picture: features are cached under it. */
  readonly name: string;
  /** Its pixels, at its own size. */
  readonly picture: Picture;
  /** A class for each pixel in row order; 255 does not count. */
  readonly labels: Uint8Array;
}

/** A picture, and which of its variations to show. */
export interface StepSample {
  /** With its labels, unless the trainer has a teacher. */
  readonly sample: TrainingSample | Pick<TrainingSample, "name" | "picture">;
  /** From 0 (the picture as it is) on. Default 0. */
  readonly variation?: number;
}

/** How a picture is varied. Each variation is drawn once, from the seed, the picture's name and its number. */
export interface AugmentOptions {
  /** Variations of each picture, the picture as it is included. Default 1: no variation. */
  readonly variations?: number;
  /** Whether variations may be mirrored left to right. Default true. */
  readonly flip?: boolean;
  /** The most that a variation shows a part of the picture enlarged: 1.5 shows 2/3 of each side. Default 1.5. */
  readonly zoom?: number;
}

/**
 * A sample as the network sees it: [height, width] pixels. Both are made at each call: where its features are cached,
 * no picture is needed.
 */
export interface PreparedSample {
  readonly labels: () => Uint8Array;
  readonly picture: () => RgbaPicture;
}

/** A part of a picture, and whether it is mirrored. */
interface View {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
  readonly isMirrored: boolean;
}

/** @throws bad-shape unless there is a label for each pixel; bad-image for a label that is not a class */
export function checkSample({ name, picture, labels }: TrainingSample, classes: number): void {
  const pixels = picture.width * picture.height;
  if (typeName(labels) !== "Uint8Array") throw badShape(`${name}: labels are a Uint8Array, got ${typeName(labels)}`);
  if (labels.length !== pixels)
    throw badShape(
      `${name}: ${picture.width} x ${picture.height} pixels need a label each (${pixels}), got ${labels.length}`,
    );
  const wrong = labels.find((label) => label >= classes && label !== IGNORED);
  if (wrong === undefined) return;
  throw new FcnError(
    "bad-image",
    `${name}: label ${wrong} is none of the ${classes} classes (0 to ${classes - 1}, ${IGNORED} does not count)`,
  );
}

/** A picture whose labels are not looked at: zeros stand in for them. */
export function withoutLabels({ name, picture }: Pick<TrainingSample, "name" | "picture">): TrainingSample {
  return { name, picture, labels: new Uint8Array(picture.width * picture.height) };
}

/** As checkSample(), for samples that may have no labels. @throws bad-option where there are none */
export function checkLabelled(
  sample: TrainingSample | Pick<TrainingSample, "name" | "picture">,
  classes: number,
): asserts sample is TrainingSample {
  if (!("labels" in sample))
    throw badOption(`${sample.name}: it has no labels; give them, or give createTrainer a teacher`);
  checkSample(sample, classes);
}

/** The view of a variation; number 0 is the picture as it is. */
function viewOf({ name, picture }: TrainingSample, variation: number, seed: number, options: AugmentOptions): View {
  const { width, height } = picture;
  const { flip = true, zoom = 1.5 } = options;
  const whole = { top: 0, left: 0, height, width, isMirrored: false };
  if (variation === 0) return whole;
  const random = seeded(fnv1a(`${seed}/${name}/${variation}`));
  const isMirrored = flip && random() < 0.5;
  const share = 1 / (1 + random() * (zoom - 1));
  const [h, w] = [Math.max(1, Math.round(height * share)), Math.max(1, Math.round(width * share))];
  const top = Math.floor(random() * (height - h + 1));
  const left = Math.floor(random() * (width - w + 1));
  return { top, left, height: h, width: w, isMirrored };
}

/** Calls `visit(index in the view, index in the picture)` for every pixel of a view. */
function eachPixel(view: View, fullWidth: number, visit: (to: number, from: number) => void): void {
  const { top, left, height, width, isMirrored } = view;
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to++) {
      visit(to, (top + y) * fullWidth + left + (isMirrored ? width - 1 - x : x));
    }
  }
}

function cut(picture: RgbaPicture, view: View): RgbaPicture {
  const { width, height } = view;
  // Not slice(): a Node Buffer's slice() is a view.
  const from = new Uint32Array(copiedBytes(picture.data as Uint8Array).buffer);
  const to = new Uint32Array(width * height);
  eachPixel(view, picture.width, (i, at) => (to[i] = from[at] as number));
  return { width, height, data: new Uint8Array(to.buffer), channels: 4 };
}

/** Labels at another size: the nearest pixel's, so that none is made up. */
function resizedLabels(
  labels: Uint8Array,
  from: readonly [height: number, width: number],
  to: readonly [height: number, width: number],
): Uint8Array {
  const [height, width] = to;
  const result = new Uint8Array(height * width);
  for (let y = 0, at = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * from[0]) / height) * from[1];
    for (let x = 0; x < width; x++, at++) {
      result[at] = labels[row + Math.floor(((x + 0.5) * from[1]) / width)] as number;
    }
  }
  return result;
}

export interface PrepareOptions {
  readonly resize: Resize;
  readonly augment: AugmentOptions;
  readonly seed: number;
}

/** A variation of a sample at the size that the network sees of the whole picture. */
export function prepared(
  sample: TrainingSample,
  variation: number,
  { resize, augment, seed }: PrepareOptions,
): PreparedSample {
  const { picture, labels } = sample;
  const size = networkSize(picture.height, picture.width, resize);
  const view = viewOf(sample, variation, seed, augment);
  return {
    labels: () => {
      const seen = new Uint8Array(view.height * view.width);
      eachPixel(view, picture.width, (to, from) => (seen[to] = labels[from] as number));
      return resizedLabels(seen, [view.height, view.width], size);
    },
    picture: () => shrink(cut(toRgba(picture), view), ...size),
  };
}
