/** What segmenting gives: the class of every pixel, and what a caller asks of it first. */
import type { RunTimings } from "../plan/plan.js";

/** Milliseconds. `compile` is the time to make the plan, 0 when the size was seen before; `total` is all of it. */
export interface Timings extends RunTimings {
  readonly compile: number;
  readonly total: number;
}

export interface Segmentation {
  readonly width: number;
  readonly height: number;
  /** Class of every pixel, row by row, at the picture's size. */
  readonly labels: Uint8Array;
  /** Classes that occur, ascending, and their names in the same order. */
  readonly classes: number[];
  readonly names: string[];
  /** Pixels of each class that occurs. */
  readonly pixels: Readonly<Record<number, number>>;
  readonly timings: Timings;
}

/** Values of every class at every pixel: shape [1, classes, height, width]. */
export interface Scores {
  readonly shape: readonly [number, number, number, number];
  readonly data: Float32Array;
  readonly timings: Timings;
}

/** `labels` at the size of their picture, with the classes that occur in them. */
export function segmentationOf(
  labels: Uint8Array,
  width: number,
  height: number,
  classNames: readonly string[],
  timings: Timings,
): Segmentation {
  const counts = new Uint32Array(256);
  // By runs of one label: there are few, where counting pixel by pixel waits for the last count every time.
  for (let from = 0, to = 1; from < labels.length; from = to++) {
    const label = labels[from] as number;
    while (labels[to] === label) to++;
    counts[label] = (counts[label] as number) + to - from;
  }
  const classes = [...counts.keys()].filter((c) => counts[c]);
  const names = classes.map((c) => classNames[c] ?? `class ${c}`);
  return {
    width,
    height,
    labels,
    classes,
    names,
    pixels: Object.fromEntries(classes.map((c) => [c, counts[c] as number])),
    timings,
  };
}
