/**
 * The metrics of semantic segmentation, as the FCN paper and torchvision define them: one confusion matrix summed over the whole
 * set (not a mean over pictures), hist[truth][prediction]. Void pixels and truths outside the classes do not count.
 * https://arxiv.org/abs/1411.4038, section 5
 */
import { FcnError } from "../base/errors.js";

export interface ConfusionJson {
  readonly classes: number;
  /** Row by row: truth, then prediction. */
  readonly counts: readonly number[];
}

export class ConfusionMatrix {
  /** counts[truth * classes + prediction]; whole numbers, exact up to 2^53. */
  readonly counts: Float64Array;

  constructor(readonly classes: number) {
    if (!Number.isInteger(classes) || classes < 1 || classes > 256)
      throw new FcnError("bad-option", `a confusion matrix needs 1 to 256 classes, got ${classes}`);
    // The extra column holds predictions outside the classes: wrong, but of no class.
    this.counts = new Float64Array(classes * (classes + 1));
  }

  /** Adds a picture. Truth outside 0..classes-1 (void is 255) is dropped; a prediction outside is wrong for its truth. */
  add(truth: ArrayLike<number>, prediction: ArrayLike<number>): void {
    if (truth.length !== prediction.length)
      throw new FcnError("bad-shape", `confusion: ${truth.length} true labels, ${prediction.length} predicted`);
    const { classes, counts } = this;
    const pitch = classes + 1;
    if (truth instanceof Uint8Array && prediction instanceof Uint8Array) return this.#addBytes(truth, prediction);
    for (let i = 0; i < truth.length; i++) {
      const t = truth[i] as number;
      // `>>> 0` changes what is no whole number of 0 or more: -1, which PyTorch users take for void, must not reach another row.
      if (t >>> 0 !== t || t >= classes) continue;
      const p = prediction[i] as number;
      const at = t * pitch + (p >>> 0 === p && p < classes ? p : classes);
      counts[at] = (counts[at] as number) + 1;
    }
  }

  /** Label maps as they are read and made: counted by pairs of bytes first, which asks nothing of a pixel. */
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

  /** Adds another set's counts: totals do not depend on how a set was split. */
  merge(other: ConfusionMatrix): void {
    if (other.classes !== this.classes)
      throw new FcnError("bad-shape", `confusion: ${this.classes} classes cannot be merged with ${other.classes}`);
    other.counts.forEach((count, i) => (this.counts[i] = (this.counts[i] as number) + count));
  }

  /** Pixels of this truth and prediction. */
  at(truth: number, prediction: number): number {
    return this.counts[truth * (this.classes + 1) + prediction] ?? 0;
  }

  #truths(): number[] {
    const pitch = this.classes + 1;
    return Array.from({ length: this.classes }, (_, t) =>
      this.counts.subarray(t * pitch, (t + 1) * pitch).reduce((a, b) => a + b, 0),
    );
  }

  #predictions(): number[] {
    return Array.from({ length: this.classes }, (_, p) =>
      Array.from({ length: this.classes }, (__, t) => this.at(t, p)).reduce((a, b) => a + b, 0),
    );
  }

  /** Pixels that count. */
  get total(): number {
    return this.counts.reduce((a, b) => a + b, 0);
  }

  /** Share of pixels labelled right. */
  get pixelAccuracy(): number {
    let right = 0;
    for (let c = 0; c < this.classes; c++) right += this.at(c, c);
    return right / this.total;
  }

  /** Mean over the classes of the share of their pixels labelled right; classes that do not occur are left out. */
  get meanAccuracy(): number {
    return nanMean(this.#truths().map((n, c) => this.at(c, c) / n));
  }

  /** Intersection over union of every class; NaN for a class in neither truth nor prediction. */
  get perClassIoU(): number[] {
    const predictions = this.#predictions();
    return this.#truths().map((n, c) => this.at(c, c) / (n + (predictions[c] as number) - this.at(c, c)));
  }

  /**
   * Mean IoU over the classes that occur in the truth. The paper's nan-mean would also count, as 0, a class that occurs nowhere
   * and is predicted for a single stray pixel, so that two networks would be averaged over different classes; on a set where
   * every class occurs (PASCAL VOC val) the two are the same.
   */
  get meanIoU(): number {
    const truths = this.#truths();
    return nanMean(this.perClassIoU.map((iou, c) => (truths[c] ? iou : NaN)));
  }

  /** IoU weighted with how often each class occurs. */
  get frequencyWeightedIoU(): number {
    const iou = this.perClassIoU;
    const { total } = this;
    return this.#truths().reduce((sum, n, c) => (n ? sum + (n / total) * (iou[c] as number) : sum), 0);
  }

  /** Index and count of what is not zero, in turn: one picture has few classes. */
  toSparse(): number[] {
    const pairs: number[] = [];
    this.counts.forEach((count, i) => {
      if (count) pairs.push(i, count);
    });
    return pairs;
  }

  /** Adds what toSparse() gave. */
  addSparse(pairs: readonly number[]): void {
    for (let i = 0; i < pairs.length; i += 2) {
      const [at, count] = [pairs[i] as number, pairs[i + 1] as number];
      if (!(at in this.counts) || !Number.isInteger(count) || count < 0)
        throw new FcnError(
          "bad-shape",
          `confusion: ${this.classes} classes have ${this.counts.length} counts, got ${count} at ${at}`,
        );
      this.counts[at] = (this.counts[at] as number) + count;
    }
  }

  toJSON(): ConfusionJson {
    return { classes: this.classes, counts: Array.from(this.counts) };
  }

  static fromJSON({ classes, counts }: ConfusionJson): ConfusionMatrix {
    const matrix = new ConfusionMatrix(classes);
    if (counts.length !== matrix.counts.length || !counts.every((n) => Number.isInteger(n) && n >= 0)) {
      throw new FcnError(
        "bad-shape",
        `confusion: ${classes} classes need ${matrix.counts.length} whole counts, got ${counts.length}`,
      );
    }
    matrix.counts.set(counts);
    return matrix;
  }
}

/** How often each truth meets each prediction, truth first; only during one #addBytes. */
const pairs = new Uint32Array(256 * 256);

function nanMean(values: readonly number[]): number {
  const known = values.filter((v) => !Number.isNaN(v));
  return known.reduce((a, b) => a + b, 0) / known.length;
}
