/**
 * What the values of a label map mean: which stand for a class, which for void (pixels that do not count). Values that
 * are neither are counted, so that no pixel is dropped in silence.
 */
import type { LabelMap, LabelValues } from "./label-values.js";
import { VOID_LABEL } from "./palette.js";
import { badImage } from "./picture.js";

export interface LabelMeaning {
  /** Values that mean void. */
  readonly voids: ReadonlySet<number>;
  /** The class of a value, where that is not the value itself. */
  readonly classOf: ReadonlyMap<number, number>;
}

/** Pixels by value: value, count, value, count. */
export type ValueCounts = readonly number[];

export interface MeantLabels extends LabelMap {
  /** Values that neither a class has nor `voids` names. They do not count, as void. */
  readonly outside: ValueCounts;
}

const MAX_BYTE = 255;

/**
 * The labels of a label map. Void is 255; other values outside the classes stay as they are where they are bytes.
 * @throws bad-image when values outside the classes are all that the map has besides background
 */
export function labelsMeant(
  { width, height, values }: LabelValues,
  name: string,
  classes: number,
  { voids, classOf }: LabelMeaning,
): MeantLabels {
  const labels = new Uint8Array(values.length);
  const outside = new Map<number, number>();
  let highest = -1;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    const label = classOf.get(value) ?? value;
    if (classOf.has(value) || (label < classes && !voids.has(value))) {
      labels[i] = label;
      highest = Math.max(highest, label);
    } else {
      labels[i] = voids.has(value) || value > MAX_BYTE ? VOID_LABEL : value;
      if (!voids.has(value)) outside.set(value, (outside.get(value) ?? 0) + 1);
    }
  }
  const counts = [...outside].sort(([a], [b]) => a - b);
  if (counts.length && highest <= 0) throw onlyOutside(name, counts, values.length, classes);
  return { width, height, labels, outside: counts.flat() };
}

/** Values that a message names at most. */
const SHOWN = 5;

type Counted = readonly (readonly [value: number, pixels: number])[];

/** "255 (21.4 %) and 3 more" */
export function describeOutside(counts: Counted, pixels: number): string {
  const shown = counts.slice(0, SHOWN).map(([value, count]) => `${value} (${((count / pixels) * 100).toFixed(1)} %)`);
  const more = counts.length > SHOWN ? ` and ${counts.length - SHOWN} more` : "";
  return shown.join(", ") + more;
}

function onlyOutside(name: string, counts: Counted, pixels: number, classes: number): Error {
  const [[value] = [VOID_LABEL]] = counts;
  const what = `besides background the label map has only ${describeOutside(counts, pixels)}`;
  const cure = `--map ${value}=CLASS says which class that is, --void ${value} that it does not count`;
  return badImage(name, `${what}, but the network's classes are 0 to ${classes - 1}; ${cure}`);
}
