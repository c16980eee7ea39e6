/** Checks what callers give as label maps, palettes and names of classes. Browser-safe. */
import { badOption } from "../base/errors.js";
import { describeValue, typeName } from "../base/options.js";
import { badImage, checkPictureSize, checkValueCount } from "./picture.js";

/** Labels are bytes. */
export const MAX_LABEL = 255;

const isLabel = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_LABEL;

/** Arrays and typed arrays of numbers. */
const isArrayOfNumbers = (values: unknown): boolean =>
  Array.isArray(values) || /^(Uint|Int|Float)\d+(Clamped)?Array$/.test(typeName(values));

/**
 * A label map of any size as bytes. A Uint8Array is not copied.
 * @throws bad-image for another type, or a value that is not a whole number from 0 to 255
 */
export function labelBytes(name: string, labels: ArrayLike<number>, unit = "label"): Uint8Array {
  if (typeName(labels) === "Uint8Array") return labels as Uint8Array;
  if (!isArrayOfNumbers(labels))
    throw badImage(name, `${unit}s are a Uint8Array or an array of numbers, got ${typeName(labels)}`);
  for (let i = 0; i < labels.length; i++) {
    if (!isLabel(labels[i]))
      throw badImage(name, `${unit} ${i} is ${describeValue(labels[i])}, not a whole number from 0 to ${MAX_LABEL}`);
  }
  return Uint8Array.from(labels);
}

/** A label map of this size as bytes. @throws bad-image, with both numbers where size and labels do not fit */
export function checkedLabels(
  name: string,
  labels: ArrayLike<number>,
  width: number,
  height: number,
  unit?: string,
): Uint8Array {
  checkPictureSize(name, width, height);
  checkValueCount(name, labels, { width, height }, unit && `${unit}s`);
  return labelBytes(name, labels, unit);
}

/** @throws bad-option unless the label is a whole number from 0 to 255 */
export function checkLabel(name: string, label: number): void {
  if (!isLabel(label))
    throw badOption(`${name}: a label is a whole number from 0 to ${MAX_LABEL}, got ${describeValue(label)}`);
}

/** One label or several as a set. @throws bad-option for what is not a label */
export function labelSet(name: string, labels: number | Iterable<number>): ReadonlySet<number> {
  if (typeof labels === "number") return labelSet(name, [labels]);
  if (typeof labels !== "object" || !(Symbol.iterator in (labels ?? {})))
    throw badOption(`${name}: give a label, an array or a Set of labels, got ${typeName(labels)}`);
  const set = new Set(labels);
  for (const label of set) checkLabel(name, label);
  return set;
}

/** @throws bad-option unless the palette is 256 colours of three bytes */
export function checkPalette(name: string, palette: Uint8Array): void {
  const got = typeName(palette) === "Uint8Array" ? palette.length : typeName(palette);
  if (got !== 768) throw badOption(`${name}: a palette is 768 bytes, got ${got}`);
}

/** @throws bad-option unless the names of labels are a Map from numbers to texts */
export function checkLabelNames(name: string, names: ReadonlyMap<number, string>): void {
  if (typeName(names) !== "Map")
    throw badOption(`${name}: names of labels are a Map from numbers to texts, got ${typeName(names)}`);
  for (const [label, own] of names) {
    checkLabel(name, label);
    if (typeof own !== "string")
      throw badOption(`${name}: the name of label ${label} must be a text, got ${typeName(own)}`);
  }
}

/** @throws bad-option unless the names are an array of texts */
export function checkNames(name: string, names: readonly string[]): void {
  if (!Array.isArray(names)) throw badOption(`${name}: class names are an array of texts, got ${typeName(names)}`);
  const wrong = names.findIndex((own) => typeof own !== "string");
  if (wrong >= 0) throw badOption(`${name}: the name of class ${wrong} must be a text, got ${typeName(names[wrong])}`);
}
