/**
 * Confidence intervals by the bootstrap: a set is drawn again from itself, with replacement, and the metric of each
 * drawn set is computed. 95 % of those values lie in the interval (Efron and Tibshirani, An Introduction to the
 * Bootstrap, 1993, chapter 13: the percentile interval).
 *
 * The intervals of a difference are paired: both networks are scored on the same drawn pictures, as Koehn does for
 * machine translation (https://aclanthology.org/W04-3250/). How hard the drawn pictures are then cancels out.
 */
import { quantile } from "../base/statistics.js";
import { seeded } from "../base/random.js";

/** The ends of a 95 % interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Sets that are drawn. */
export const REPLICATES = 1000;
const TAIL = 0.025;
/** The same for all networks: that is what pairs them. */
const SEED = 1;
/**
 * Longer sets are drawn in this many parts, with every n-th picture in the same part. The sums of such parts vary as
 * those of pictures do, and the work stays the same for sets of any length.
 */
const MOST_PARTS = 1000;

/** Undefined where fewer than two of the values are numbers. */
export function intervalOf(values: ArrayLike<number>): Interval | undefined {
  const known = Array.from(values).filter((value) => !Number.isNaN(value));
  if (known.length < 2) return undefined;
  const sorted = known.sort((a, b) => a - b);
  return { low: quantile(sorted, TAIL), high: quantile(sorted, 1 - TAIL) };
}

/** How often each of `count` things is drawn, in each of the sets. The same for every call with the same count. */
export function* draws(count: number): Generator<Uint32Array> {
  const random = seeded(SEED);
  const times = new Uint32Array(count);
  for (let replicate = 0; replicate < REPLICATES; replicate++) {
    times.fill(0);
    for (let i = 0; i < count; i++) {
      const drawn = Math.floor(random() * count);
      times[drawn] = (times[drawn] as number) + 1;
    }
    yield times;
  }
}

/** Pixels of one class in a part of the set. */
interface ClassCount {
  readonly label: number;
  readonly truth: number;
  readonly predicted: number;
  readonly both: number;
}

/** The counts of each part, for the classes that occur in it. */
function partsOf(matrices: readonly (readonly number[])[], classes: number): ClassCount[][] {
  const parts = Math.min(matrices.length, MOST_PARTS);
  const pitch = classes + 1; // the last column counts predictions of no class
  return Array.from({ length: parts }, (_, part) => {
    const sums = new Map<number, { truth: number; predicted: number; both: number }>();
    const sumOf = (label: number) => {
      const own = sums.get(label) ?? { truth: 0, predicted: 0, both: 0 };
      sums.set(label, own);
      return own;
    };
    for (let i = part; i < matrices.length; i += parts) {
      const sparse = matrices[i] as readonly number[];
      for (let k = 0; k + 1 < sparse.length; k += 2) {
        const [at, count] = [sparse[k] as number, sparse[k + 1] as number];
        const [truth, predicted] = [Math.floor(at / pitch), at % pitch];
        sumOf(truth).truth += count;
        if (predicted < classes) sumOf(predicted).predicted += count;
        if (truth === predicted) sumOf(truth).both += count;
      }
    }
    return [...sums].map(([label, own]) => ({ label, ...own }));
  });
}

/** The IoUs of each drawn set. */
export interface DrawnIoUs {
  /** Mean IoU over the classes in the truth of the drawn pictures; NaN where there are none. */
  readonly mean: Float64Array;
  /** By class: the IoU in each set, NaN where the class is not in its truth. */
  readonly byClass: readonly Float64Array[];
}

/**
 * Draws pictures again and again, and computes what ConfusionMatrix computes from the whole set. With fewer than two
 * pictures in which a pixel counts all are NaN: every set would have the same IoU, as if there were no chance.
 * @param matrices one of each picture, as ConfusionMatrix.toSparse() writes them
 */
export function drawnIoUs(matrices: readonly (readonly number[])[], classes: number): DrawnIoUs {
  const parts = partsOf(matrices, classes);
  const mean = new Float64Array(REPLICATES).fill(NaN);
  const byClass = Array.from({ length: classes }, () => new Float64Array(REPLICATES).fill(NaN));
  if (matrices.filter(({ length }) => length > 0).length < 2) return { mean, byClass };
  const [truth, predicted, both] = [0, 1, 2].map(() => new Float64Array(classes)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const add = (sums: Float64Array, label: number, count: number): void => {
    sums[label] = (sums[label] as number) + count;
  };
  let replicate = 0;
  for (const times of draws(parts.length)) {
    for (const sums of [truth, predicted, both]) sums.fill(0);
    times.forEach((drawn, i) => {
      if (!drawn) return;
      for (const own of parts[i] as ClassCount[]) {
        add(truth, own.label, drawn * own.truth);
        add(predicted, own.label, drawn * own.predicted);
        add(both, own.label, drawn * own.both);
      }
    });
    mean[replicate] = meanOfClasses(truth, predicted, both, (label, iou) => {
      (byClass[label] as Float64Array)[replicate] = iou;
    });
    replicate++;
  }
  return { mean, byClass };
}

/** Mean IoU over the classes of the truth. */
function meanOfClasses(
  truth: Float64Array,
  predicted: Float64Array,
  both: Float64Array,
  onClass: (label: number, iou: number) => void,
): number {
  let [sum, count] = [0, 0];
  truth.forEach((pixels, label) => {
    if (!pixels) return;
    const right = both[label] as number;
    const iou = right / (pixels + (predicted[label] as number) - right);
    onClass(label, iou);
    sum += iou;
    count++;
  });
  return sum / count;
}

/** The interval of the difference of two metrics over the same drawn sets. */
export function intervalOfDifference(ours: ArrayLike<number>, theirs: ArrayLike<number>): Interval | undefined {
  return intervalOf(Array.from(ours, (value, i) => value - (theirs[i] ?? NaN)));
}

/** Whether a difference is more than chance: zero lies outside its interval. */
export const isBeyondChance = ({ low, high }: Interval): boolean => low > 0 || high < 0;
