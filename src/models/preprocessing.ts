/** How a picture becomes the network's input: its size and its normalisation, both as the weights were trained. */
import { badOption } from "../base/errors.js";
import type { Weight } from "../kernel/weight.js";

/** Per channel (R, G, B), for values scaled to 0..1: the mean is subtracted, then the result is divided by `std`. */
export interface Preprocessing {
  /** Of red, green and blue, from 0 to 1. */
  readonly mean: readonly [number, number, number];
  /** Standard deviation of red, green and blue; above 0. */
  readonly std: readonly [number, number, number];
}

/** Mean and standard deviation of ImageNet, with which every published ResNet checkpoint was trained. */
export const IMAGENET: Preprocessing = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** @throws bad-option */
export function checkPreprocessing(preprocessing: Preprocessing): Preprocessing {
  const isThreeNumbers = (values: readonly number[] | undefined): boolean =>
    values?.length === 3 && values.every(Number.isFinite);
  const { mean, std } = preprocessing;
  if (!isThreeNumbers(mean))
    throw badOption(`preprocessing.mean must be three finite numbers, got ${JSON.stringify(mean)}`);
  if (!isThreeNumbers(std) || !std.every((value) => value > 0))
    throw badOption(`preprocessing.std must be three finite numbers above 0, got ${JSON.stringify(std)}`);
  return preprocessing;
}

/**
 * Pixels of a picture's shorter side as the network sees it, or "none" for the picture's own size. Pictures more than
 * four times as long as wide are enlarged until the longer side has four times as many.
 */
export type Resize = number | "none";

/** @throws bad-option */
export function checkResize(resize: Resize): Resize {
  if (resize === "none" || (Number.isInteger(resize) && resize > 0)) return resize;
  throw badOption(`resize must be a whole number of pixels for the shorter side, or "none", got ${String(resize)}`);
}

/** A picture is not enlarged beyond this many times `resize` on its longer side. */
const LONGEST = 4;

/**
 * [height, width] at which the network sees a picture. The longer side is rounded down, as torchvision's Resize does.
 * Narrow pictures are enlarged less: a row of 40 pixels would become larger than most devices hold.
 * https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.functional.resize.html
 */
export function networkSize(height: number, width: number, resize: Resize): readonly [number, number] {
  if (resize === "none") return [height, width];
  const [short, long] = [Math.min(height, width), Math.max(height, width)];
  const isNarrow = resize > short && long > LONGEST * short;
  const wanted = Math.floor((resize * long) / short);
  const longer = isNarrow ? Math.max(long, Math.min(wanted, LONGEST * resize)) : wanted;
  const shorter = isNarrow ? Math.max(1, Math.round((longer * short) / long)) : resize;
  return height <= width ? [shorter, longer] : [longer, shorter];
}

/**
 * Upload size [height, width]: downscaling runs on the CPU (antialiased), upscaling on the GPU, together with the
 * normalisation.
 */
export function uploadSize(height: number, width: number, resize: Resize): readonly [number, number] {
  const seen = networkSize(height, width, resize);
  return seen[0] < height ? seen : [height, width];
}

const constants = new WeakMap<object, Weight>();

/** A small constant as a weight. The same array gives the same object, so that all plans share one copy on the GPU. */
export function constant(name: string, values: readonly number[]): Weight {
  let weight = constants.get(values);
  if (!weight) {
    weight = { name, shape: [values.length], read: () => Promise.resolve(Float32Array.from(values)) };
    constants.set(values, weight);
  }
  return weight;
}
