/** Masks of classes, and label maps with only some of them. Browser-safe. */
import { badOption } from "../base/errors.js";
import { typeName } from "../base/options.js";
import { MAX_LABEL, checkNames, labelBytes, labelSet } from "./label-checks.js";
import { BACKGROUND_LABEL, VOC_CLASSES } from "./palette.js";

/** Value of a mask's pixels that belong to it. */
const INSIDE = 255;

/** Labels of the classes of this name in any case, else the label that the word is; none for any other word. */
export function findClass(word: string, classNames: readonly string[]): number[] {
  const byName = classNames.flatMap((name, label) => (name.toLowerCase() === word.toLowerCase() ? [label] : []));
  if (byName.length > 0) return byName;
  const byNumber = /^\d{1,3}$/.test(word) ? Number(word) : NaN;
  return byNumber < classNames.length ? [byNumber] : [];
}

/**
 * The labels of a class: those of the classes of this name, in any case, or the number itself where the text is one
 * ("15"). Names may occur twice, so there may be several labels.
 *
 * @param classNames names by label, such as `fcn.classNames`. Default: PASCAL VOC's 21.
 * @throws FcnError bad-option with the names there are, when none fits
 * @example
 * import { labelsNamed } from "fcn-webgpu/image";
 *
 * console.log(labelsNamed("Person").join()); // prints 15
 * console.log(labelsNamed("road", ["field", "road"]).join()); // prints 1
 */
export function labelsNamed(name: string, classNames: readonly string[] = VOC_CLASSES): number[] {
  checkNames("labelsNamed", classNames);
  if (typeof name !== "string") throw badOption(`labelsNamed: the name must be a text, got ${typeName(name)}`);
  const found = findClass(name, classNames);
  if (!found.length) throw badOption(`labelsNamed: "${name}" is not one of ${classNames.join(", ")}`);
  return found;
}

/** A map of what `valueOf` gives for each label. It is asked once a label: maps have millions of pixels. */
function mapLabels(labels: Uint8Array, valueOf: (label: number) => number): Uint8Array<ArrayBuffer> {
  const values = Uint8Array.from({ length: MAX_LABEL + 1 }, (_, label) => valueOf(label));
  const out = new Uint8Array(labels.length);
  for (let i = 0; i < labels.length; i++) out[i] = values[labels[i] as number] as number;
  return out;
}

/**
 * The mask of one class or several: 255 where a pixel has one of the labels, 0 elsewhere. Row by row, one byte a
 * pixel, as long as `labels`. `fcn segment --format mask` writes it.
 *
 * @param labels a label map of any size, one label (0 to 255) a pixel
 * @param classes labels that belong to the mask. Default: all but the background (0), void (255) included.
 * @throws FcnError bad-image for labels that are not bytes; bad-option for classes that are not labels
 * @example
 * import { classMask } from "fcn-webgpu/image";
 *
 * const labels = Uint8Array.of(0, 15, 15, 12);
 * console.log(classMask(labels, 15).join()); // prints 0,255,255,0
 * console.log(classMask(labels).join()); // prints 0,255,255,255
 */
export function classMask(labels: ArrayLike<number>, classes?: number | Iterable<number>): Uint8Array<ArrayBuffer> {
  const bytes = labelBytes("classMask", labels);
  const chosen = classes === undefined ? undefined : labelSet("classMask", classes);
  const isInside = (label: number): boolean => (chosen ? chosen.has(label) : label !== BACKGROUND_LABEL);
  return mapLabels(bytes, (label) => (isInside(label) ? INSIDE : 0));
}

/**
 * A copy of a label map in which all classes but the given ones are background (0). `fcn segment --classes` does this.
 *
 * @param labels a label map of any size, one label (0 to 255) a pixel
 * @param classes labels that stay
 * @throws FcnError bad-image for labels that are not bytes; bad-option for classes that are not labels
 * @example
 * import { keepClasses } from "fcn-webgpu/image";
 *
 * console.log(keepClasses(Uint8Array.of(0, 15, 3, 12), [12, 15]).join()); // prints 0,15,0,12
 */
export function keepClasses(labels: ArrayLike<number>, classes: number | Iterable<number>): Uint8Array<ArrayBuffer> {
  const bytes = labelBytes("keepClasses", labels);
  const kept = labelSet("keepClasses", classes);
  return mapLabels(bytes, (label) => (kept.has(label) ? label : BACKGROUND_LABEL));
}
