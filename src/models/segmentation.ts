/** What a caller gets of a picture: the class of every pixel, or the scores of every class. */
import type { RunTimings } from "../plan/plan.js";
import { outputOf } from "./picture-result.js";
import type { PictureResult } from "./picture-result.js";

/** Milliseconds. */
export interface Timings extends RunTimings {
  /** Time to make the plan; 0 when the size was seen before. */
  readonly compile: number;
  /** All of it: making the plan, upload, GPU and read-back. */
  readonly total: number;
}

export interface Segmentation {
  readonly width: number;
  readonly height: number;
  /** Class of every pixel, row by row, at the picture's size. */
  readonly labels: Uint8Array;
  /** Classes that occur, in ascending order. */
  readonly classes: number[];
  /** Names of `classes`, in the same order. */
  readonly names: string[];
  /** Number of pixels of each class that occurs. */
  readonly pixels: Readonly<Record<number, number>>;
  readonly timings: Timings;
}

/** Values of every class at every pixel. */
export interface Scores {
  /** [1, classes, height, width], at the picture's size. */
  readonly shape: readonly [number, number, number, number];
  readonly data: Float32Array;
  readonly timings: Timings;
}

export function timingsOf({ timings, compile, elapsed }: PictureResult): Timings {
  return { ...timings, compile, total: compile + elapsed };
}

/** A result of kind "labels". */
export function segmented(result: PictureResult): Segmentation {
  const { width, height, classNames } = result;
  const labels = outputOf(result, "labels").values as Uint8Array;
  return segmentationOf({ width, height, labels, timings: timingsOf(result) }, classNames);
}

/** `labels` with the classes that occur in them. A class without a name is called "class 7". */
export function segmentationOf(
  map: Pick<Segmentation, "width" | "height" | "labels" | "timings">,
  classNames: readonly string[],
): Segmentation {
  const { width, height, labels, timings } = map;
  const counts = countLabels(labels);
  const classes = [...counts.keys()].filter((label) => counts[label] !== 0);
  const names = classes.map((label) => classNames[label] ?? `class ${label}`);
  const pixels = Object.fromEntries(classes.map((label) => [label, counts[label] as number]));
  return { width, height, labels, classes, names, pixels, timings };
}

/** Pixels of each label, 0 to 255. */
function countLabels(labels: Uint8Array): Uint32Array {
  const counts = new Uint32Array(256);
  // Counted by runs of one label, which are few. Counting pixel by pixel would wait for the last count every time.
  let start = 0;
  while (start < labels.length) {
    const label = labels[start] as number;
    let end = start + 1;
    while (labels[end] === label) end++;
    counts[label] = (counts[label] as number) + end - start;
    start = end;
  }
  return counts;
}
