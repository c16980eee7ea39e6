/** What is done to a picture before the network sees it: the normalisation and the size that its weights were trained with. */
import { badOption } from "../base/options.js";
import type { Weight } from "../kernel/weight.js";

export interface Preprocessing {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** Of ImageNet, which every ResNet checkpoint was trained with. */
export const IMAGENET: Preprocessing = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** @throws bad-option */
export function checkPreprocessing(preprocessing: Preprocessing): Preprocessing {
  for (const key of ["mean", "std"] as const) {
    const values = preprocessing[key];
    if (values?.length !== 3 || !values.every((v) => Number.isFinite(v) && (key === "mean" || v > 0)))
      throw badOption(
        `preprocessing.${key} must be three finite numbers${key === "mean" ? "" : " above 0"}, got ${JSON.stringify(values)}`,
      );
  }
  return preprocessing;
}

/** Pixels of a picture's shorter side as the network sees it, or "none" for the picture's own size. */
export type Resize = number | "none";

/** @throws bad-option */
export function checkResize(resize: Resize): Resize {
  if (resize === "none" || (Number.isInteger(resize) && resize > 0)) return resize;
  throw badOption(`resize must be a whole number of pixels for the shorter side, or "none", got ${String(resize)}`);
}

/**
 * Height and width that a picture is brought to. The longer side is rounded down, as torchvision's Resize does.
 * https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.functional.resize.html
 */
export function networkSize(height: number, width: number, resize: Resize): readonly [number, number] {
  if (resize === "none") return [height, width];
  const longer = Math.floor((resize * Math.max(height, width)) / Math.min(height, width));
  return height <= width ? [resize, longer] : [longer, resize];
}

const constants = new WeakMap<object, Weight>();

/** A small constant as a weight; one object per array, so that plans share its GPU copy. */
export function constant(name: string, values: readonly number[]): Weight {
  let weight = constants.get(values);
  if (!weight) {
    weight = { name, shape: [values.length], read: () => Promise.resolve(Float32Array.from(values)) };
    constants.set(values, weight);
  }
  return weight;
}
