/**
 * The metrics of semantic segmentation, as the FCN paper and torchvision define them. One confusion matrix is summed
 * over the whole set (not a mean over pictures), hist[truth][prediction]. Void pixels and truths outside the classes do
 * not count.
 * https://arxiv.org/abs/1411.4038, section 5
 */
import { counted } from "../base/counted.js";
import { badOption, badShape } from "../base/errors.js";
import { describeValue, typeName } from "../base/options.js";

/** A confusion matrix as JSON holds it: what toJSON() gives and fromJSON() takes. */
export interface ConfusionJson {
  /** Number of classes. */
  readonly classes: number;
  /** Pixels, row by row: a row for each true class, with its predictions and a last column for other labels. */
  readonly counts: readonly number[];
}

/** Labels are bytes. */
export const MAX_CLASSES = 256;

/**
 * Counts how often each class was predicted for each true class, over any number of pictures, and tells the metrics.
 * Shares and IoU are from 0 to 1.
 * @example
 * import { ConfusionMatrix } from "fcn-webgpu/eval";
 *
 * const confusion = new ConfusionMatrix(21);
 * confusion.add(Uint8Array.of(0, 15, 15, 255), Uint8Array.of(0, 15, 0, 0)); // truth, prediction; 255 does not count
 * console.log(confusion.pixelAccuracy.toFixed(3), confusion.meanIoU.toFixed(3)); // prints 0.667 0.500
 */
export class ConfusionMatrix {
  /**
   * counts[truth * (classes + 1) + prediction]; whole numbers, exact up to 2^53. The last column of each row counts
   * predictions outside the classes: wrong, but of no class.
   */
  readonly counts: Float64Array;

  /** @throws bad-option unless `classes` is a whole number from 1 to 256 */
  constructor(
    /** Number of classes. */
    readonly classes: number,
  ) {
    if (!Number.isInteger(classes) || classes < 1 || classes > MAX_CLASSES)
      throw badOption(`a confusion matrix needs 1 to ${MAX_CLASSES} classes, got ${describeValue(classes)}`);
    this.counts = new Float64Array(classes * (classes + 1));
  }

  /**
   * Adds a picture. A truth outside 0..classes-1 (void is 255) is dropped; a prediction outside is wrong for its truth.
   * @throws bad-shape when the label maps differ in length, or are not arrays
   */
  add(truth: ArrayLike<number>, prediction: ArrayLike<number>): void {
    checkArrays("confusion.add", truth, prediction);
    if (truth.length !== prediction.length)
      throw badShape(`confusion: ${truth.length} true labels, ${prediction.length} predicted`);
    if (truth instanceof Uint8Array && prediction instanceof Uint8Array) {
      this.#addBytes(truth, prediction);
      return;
    }
    const { classes, counts } = this;
    const pitch = classes + 1;
    for (let i = 0; i < truth.length; i++) {
      const t = truth[i] as number;
      if (!isClass(t, classes)) continue;
      const p = prediction[i] as number;
      const at = t * pitch + (isClass(p, classes) ? p : classes);
      counts[at] = (counts[at] as number) + 1;
    }
  }

  /** The fast way for label maps as they are read and made: counts pairs of bytes, without a test for each pixel. */
  #addBytes(truth: Uint8Array, prediction: Uint8Array): void {
    pairs.fill(0);
    for (let i = 0; i < truth.length; i++) {
      const pair = ((truth[i] as number) << 8) | (prediction[i] as number);
      pairs[pair] = (pairs[pair] as number) + 1;
    }
    const { classes, counts } = this;
    for (let t = 0; t < classes; t++) {
      for (let p = 0; p < 256; p++) {
        const at = t * (classes + 1) + Math.min(p, classes);
        counts[at] = (counts[at] as number) + (pairs[(t << 8) | p] as number);
      }
    }
  }

  /** Adds another set's counts: totals do not depend on how a set was split. @throws bad-shape for other classes */
  merge(other: ConfusionMatrix): void {
    if (typeName(other?.counts) !== "Float64Array")
      throw badShape(`confusion.merge: give a ConfusionMatrix, got ${typeName(other)}`);
    if (other.classes !== this.classes)
      throw badShape(`confusion: ${counted(this.classes, "class")} cannot be merged with ${other.classes}`);
    other.counts.forEach((count, i) => {
      this.counts[i] = (this.counts[i] as number) + count;
    });
  }

  /** Pixels of this truth and prediction; a prediction of `classes` stands for all other labels. Else 0. */
  at(truth: number, prediction: number): number {
    const { classes, counts } = this;
    if (!isClass(truth, classes) || !isClass(prediction, classes + 1)) return 0;
    return counts[truth * (classes + 1) + prediction] as number;
  }

  /** Pixels that were predicted as each class. One pass: long sets have a matrix for each picture and variant. */
  #predictions(): Float64Array {
    const { classes, counts } = this;
    const predictions = new Float64Array(classes);
    for (let t = 0; t < classes; t++) {
      const row = t * (classes + 1);
      for (let p = 0; p < classes; p++) {
        predictions[p] = (predictions[p] as number) + (counts[row + p] as number);
      }
    }
    return predictions;
  }

  /** Intersection over union of every class, from the pixels of each class in the truth. */
  #iou(truths: readonly number[]): number[] {
    const predictions = this.#predictions();
    return truths.map((n, c) => {
      const intersection = this.at(c, c);
      return intersection / (n + (predictions[c] as number) - intersection);
    });
  }

  /** Pixels that count. */
  get total(): number {
    return sum(this.counts);
  }

  /** Share of pixels labelled right. */
  get pixelAccuracy(): number {
    let right = 0;
    for (let c = 0; c < this.classes; c++) right += this.at(c, c);
    return right / this.total;
  }

  /** Mean over the classes of the share of their pixels labelled right; classes that do not occur are left out. */
  get meanAccuracy(): number {
    return nanMean(truthCounts(this).map((n, c) => this.at(c, c) / n));
  }

  /** Intersection over union of every class; NaN for a class in neither truth nor prediction. */
  get perClassIoU(): number[] {
    return this.#iou(truthCounts(this));
  }

  /**
   * Mean IoU over the classes that occur in the truth. The paper's nan-mean would also count, as 0, a class that occurs
   * nowhere but is predicted for a single stray pixel; two networks would then be averaged over different classes. On a
   * set where every class occurs (PASCAL VOC val) the two are the same.
   */
  get meanIoU(): number {
    const truths = truthCounts(this);
    return nanMean(this.#iou(truths).map((iou, c) => (truths[c] ? iou : NaN)));
  }

  /** IoU weighted with how often each class occurs; NaN where no pixel counts, as the other metrics. */
  get frequencyWeightedIoU(): number {
    const iou = this.perClassIoU;
    const { total } = this;
    if (total === 0) return NaN;
    return truthCounts(this).reduce((mean, n, c) => (n ? mean + (n / total) * (iou[c] as number) : mean), 0);
  }

  /** The counts that are not zero, as index, count, index, count: one picture has few classes. */
  toSparse(): number[] {
    const sparse: number[] = [];
    this.counts.forEach((count, i) => {
      if (count) sparse.push(i, count);
    });
    return sparse;
  }

  /** Adds what toSparse() gave. @throws bad-shape for an index outside the matrix, or a count that is not whole */
  addSparse(sparse: readonly number[]): void {
    checkArrays("confusion.addSparse", sparse);
    for (let i = 0; i < sparse.length; i += 2) {
      const [at, count] = [sparse[i] as number, sparse[i + 1] as number];
      if (!(at in this.counts) || !isCount(count))
        throw badShape(`confusion: ${this.classes} classes have ${this.counts.length} counts, got ${count} at ${at}`);
      this.counts[at] = (this.counts[at] as number) + count;
    }
  }

  /** What JSON.stringify() writes, and fromJSON() takes. */
  toJSON(): ConfusionJson {
    return { classes: this.classes, counts: Array.from(this.counts) };
  }

  /** The matrix that toJSON() gave. @throws bad-shape for anything else; bad-option for more than 256 classes */
  static fromJSON(json: ConfusionJson): ConfusionMatrix {
    const { classes, counts } = (json ?? {}) as Partial<ConfusionJson>;
    if (!Array.isArray(counts))
      throw badShape("confusion.fromJSON: give what toJSON() gave, { classes, counts: an array of numbers }");
    const matrix = new ConfusionMatrix(classes as number);
    const needed = `confusion: ${counted(matrix.classes, "class")}: ${matrix.counts.length} whole counts needed`;
    if (counts.length !== matrix.counts.length) throw badShape(`${needed}, got ${counts.length}`);
    const wrong = counts.findIndex((count) => !isCount(count as number));
    if (wrong >= 0) throw badShape(`${needed}, count ${wrong} is ${describeValue(counts[wrong])}`);
    matrix.counts.set(counts as number[]);
    return matrix;
  }
}

/** How often each truth meets each prediction, truth first. Shared, to save 256 KiB a picture; #addBytes clears it. */
const pairs = new Uint32Array(256 * 256);

/**
 * True for whole numbers from 0 to classes - 1. `>>> 0` changes negative numbers, fractions and NaN: -1, which PyTorch
 * users take for void, must not reach another row.
 */
const isClass = (label: number, classes: number): boolean => label >>> 0 === label && label < classes;

const isCount = (count: number): boolean => Number.isInteger(count) && count >= 0;

/** Arrays and typed arrays. @throws bad-shape */
function checkArrays(call: string, ...values: readonly unknown[]): void {
  for (const value of values) {
    if (!Array.isArray(value) && !ArrayBuffer.isView(value))
      throw badShape(`${call}: labels and counts are arrays of numbers, got ${typeName(value)}`);
  }
}

/** Pixels of each class in the truth. */
export function truthCounts({ classes, counts }: ConfusionMatrix): number[] {
  const pitch = classes + 1;
  const truths = new Array<number>(classes).fill(0);
  for (let t = 0; t < classes; t++) {
    let total = 0;
    for (let at = t * pitch; at < (t + 1) * pitch; at++) total += counts[at] as number;
    truths[t] = total;
  }
  return truths;
}

function sum(values: Float64Array | readonly number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/** Mean of the numbers that are not NaN. */
function nanMean(values: readonly number[]): number {
  const known = values.filter((v) => !Number.isNaN(v));
  return sum(known) / known.length;
}
