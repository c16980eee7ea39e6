/** What a caller gets of a picture: the class of every pixel, or the scores of every class. */
import { outputOf, timingsOf } from "./picture-result.js";
import type { PictureResult, Timings } from "./picture-result.js";

/** What segment() gives: the class of every pixel, and which classes there are. */
export interface Segmentation {
  /** Pixels of a row: the picture's. */
  readonly width: number;
  /** Rows: the picture's. */
  readonly height: number;
  /** Class of every pixel, row by row, at the picture's size. */
  readonly labels: Uint8Array;
  /** Classes that occur, in ascending order. */
  readonly classes: number[];
  /** Names of `classes`, in the same order. */
  readonly names: string[];
  /** Number of pixels of each class that occurs. */
  readonly pixels: Readonly<Record<number, number>>;
  /** Milliseconds by what they were spent on. */
  readonly timings: Timings;
}

/** Values of every class at every pixel. */
export interface Scores {
  /** [1, classes, height, width], at the picture's size. */
  readonly shape: readonly [number, number, number, number];
  /** The values in that order: class by class, each row by row. */
  readonly data: Float32Array;
  /** Milliseconds by what they were spent on. */
  readonly timings: Timings;
}

/** Results of kind "labels", which their caller gets now. */
export function segmentations(results: readonly PictureResult[]): Segmentation[] {
  const start = performance.now();
  const maps = results.map((result) => {
    const { width, height, classNames } = result;
    return segmentationOf({ width, height, labels: outputOf(result, "labels").values as Uint8Array }, classNames);
  });
  const end = performance.now();
  return maps.map((map, i) => ({ ...map, timings: timingsOf(results[i] as PictureResult, end, end - start) }));
}

/** `labels` with the classes that occur in them. A class without a name is called "class 7". */
export function segmentationOf(
  map: Pick<Segmentation, "width" | "height" | "labels">,
  classNames: readonly string[],
): Omit<Segmentation, "timings"> {
  const { width, height, labels } = map;
  const counts = countLabels(labels);
  const classes = [...counts.keys()].filter((label) => counts[label] !== 0);
  const names = classes.map((label) => classNames[label] ?? `class ${label}`);
  const pixels = Object.fromEntries(classes.map((label) => [label, counts[label] as number]));
  return { width, height, labels, classes, names, pixels };
}

/** Pixels of each label, 0 to 255. The labels begin at a multiple of four bytes, as those of every result. */
function countLabels(labels: Uint8Array): Uint32Array {
  const counts = new Uint32Array(256);
  const add = (label: number, pixels: number): void => {
    counts[label] = (counts[label] as number) + pixels;
  };
  // Runs of the same four labels are counted at once, because a count would wait for the one before it.
  const fours = new Uint32Array(labels.buffer, labels.byteOffset, labels.length >> 2);
  let start = 0;
  while (start < fours.length) {
    const four = fours[start] as number;
    let end = start + 1;
    while (fours[end] === four) end++;
    for (let shift = 0; shift < 32; shift += 8) add((four >>> shift) & 255, end - start);
    start = end;
  }
  labels.subarray(4 * start).forEach((label) => add(label, 1));
  return counts;
}
