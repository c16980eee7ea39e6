/** The metrics of segmentation as plain loops over pixels, to hold the library's sums against. */
import type { Scene } from "./voc-folder.js";

/** The true and the predicted label of a pixel. */
export type LabelPair = readonly [truth: number, prediction: number];

const VOID = 255;

/** Pairs of a picture; void is left out. */
export function pairsOf({ labels }: Scene, prediction: Uint8Array): LabelPair[] {
  const all = [...labels].map((truth, p): LabelPair => [truth, prediction[p] ?? 0]);
  return all.filter(([truth]) => truth !== VOID);
}

/** 1 at pixels with another label beside, above or below. */
function bordersOf({ width, height, labels }: Scene): Uint8Array {
  return labels.map((label, p) => {
    const [x, y] = [p % width, Math.floor(p / width)];
    const near = [x > 0 ? p - 1 : p, x < width - 1 ? p + 1 : p, y > 0 ? p - width : p, y < height - 1 ? p + width : p];
    return near.some((q) => labels[q] !== label) ? 1 : 0;
  });
}

/** Pairs of the pixels at most `reach` columns and rows from a border of the truth; void is left out. */
export function boundaryPairsOf(scene: Scene, prediction: Uint8Array, reach: number): LabelPair[] {
  const { width, height, labels } = scene;
  const borders = bordersOf(scene);
  const isNearBorder = (x: number, y: number): boolean => {
    for (let v = Math.max(0, y - reach); v <= Math.min(height - 1, y + reach); v++) {
      for (let u = Math.max(0, x - reach); u <= Math.min(width - 1, x + reach); u++) {
        if (borders[v * width + u]) return true;
      }
    }
    return false;
  };
  const pairs: LabelPair[] = [];
  labels.forEach((truth, p) => {
    if (truth !== VOID && isNearBorder(p % width, Math.floor(p / width))) pairs.push([truth, prediction[p] ?? 0]);
  });
  return pairs;
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const count = (pairs: readonly LabelPair[], test: (truth: number, prediction: number) => boolean): number =>
  pairs.filter(([truth, prediction]) => test(truth, prediction)).length;

/** Classes in the truth. */
const classesOf = (pairs: readonly LabelPair[]): number[] => [...new Set(pairs.map(([truth]) => truth))];

const iouOf = (pairs: readonly LabelPair[], c: number): number =>
  count(pairs, (t, p) => t === c && p === c) / count(pairs, (t, p) => t === c || p === c);

const recallOf = (pairs: readonly LabelPair[], c: number): number =>
  count(pairs, (t, p) => t === c && p === c) / count(pairs, (t) => t === c);

export const meanIoU = (pairs: readonly LabelPair[]): number => mean(classesOf(pairs).map((c) => iouOf(pairs, c)));

export function plainMetrics(pairs: readonly LabelPair[]): {
  readonly pixelAccuracy: number;
  readonly meanAccuracy: number;
  readonly meanIoU: number;
  readonly frequencyWeightedIoU: number;
} {
  const classes = classesOf(pairs);
  const frequencyOf = (c: number): number => count(pairs, (t) => t === c) / pairs.length;
  return {
    pixelAccuracy: count(pairs, (t, p) => t === p) / pairs.length,
    meanAccuracy: mean(classes.map((c) => recallOf(pairs, c))),
    meanIoU: meanIoU(pairs),
    frequencyWeightedIoU: classes.reduce((sum, c) => sum + frequencyOf(c) * iouOf(pairs, c), 0),
  };
}
