/**
 * Logits and probabilities of single pixels, computed on the host from scores at the decoder's last stride. They are
 * what the final transposed convolution gives at that pixel, without bringing [classes, H, W] numbers off the GPU. A
 * pixel depends on at most ceil(kernel / stride) cells along an axis: two for the strides here.
 */
import { badShape, badOption } from "../base/errors.js";
import { sizeOf } from "../kernel/layout.js";
import { formatShape } from "../kernel/shape.js";
import type { Nchw } from "../kernel/shape.js";
import type { UpsampleStep } from "../layers/geometry.js";

/** The last transposed convolution of a head. */
export interface FinalStep {
  readonly step: UpsampleStep;
  /** [classes in, classes out, k, k] where it is learned, [classes, 1, k, k] for the fixed bilinear kernel. */
  readonly kernel: Float32Array;
  readonly learned: boolean;
}

export interface PixelScoresOptions {
  /** Size of the picture. */
  readonly width: number;
  readonly height: number;
  /** [1, classes, h, w] at the stride of the final step. */
  readonly scores: Float32Array;
  readonly shape: Nchw;
  readonly final: FinalStep;
}

export class PixelScores {
  readonly width: number;
  readonly height: number;
  readonly #scores: Float32Array;
  readonly #shape: Nchw;
  readonly #final: FinalStep;

  /** @throws bad-shape */
  constructor({ width, height, scores, shape, final }: PixelScoresOptions) {
    if (scores.length !== sizeOf(shape))
      throw badShape(`scores ${formatShape(shape)} hold ${sizeOf(shape)} numbers, got ${scores.length}`);
    this.width = width;
    this.height = height;
    this.#scores = scores;
    this.#shape = shape;
    this.#final = final;
  }

  /** Logits of every class at column x, row y. @throws bad-option outside the picture */
  logits(x: number, y: number): Float32Array {
    const isInside = [x, y].every(Number.isInteger) && x >= 0 && y >= 0 && x < this.width && y < this.height;
    if (!isInside) throw badOption(`pixel (${x}, ${y}) is not in the picture of ${this.width} x ${this.height}`);
    const [, classes, h, w] = this.#shape;
    const { step } = this.#final;
    const sums = new Float64Array(classes);
    for (const vertical of contributions(y + step.crop.top, h, step)) {
      for (const horizontal of contributions(x + step.crop.left, w, step)) {
        const cell = vertical.cell * w + horizontal.cell;
        const tap = vertical.tap * step.kernel + horizontal.tap;
        this.#addCell(sums, cell, tap);
      }
    }
    return Float32Array.from(sums);
  }

  /** Softmax over the classes at column x, row y. @throws bad-option outside the picture */
  probabilities(x: number, y: number): Float32Array {
    const logits = this.logits(x, y);
    const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
    const powers = logits.map((v) => Math.exp(v - largest));
    const sum = powers.reduce((a, b) => a + b, 0);
    return powers.map((v) => v / sum);
  }

  /** Adds the scores of one cell, each times the kernel's weight at this tap. */
  #addCell(sums: Float64Array, cell: number, tap: number): void {
    const [, classes, h, w] = this.#shape;
    const { step, kernel, learned } = this.#final;
    const plane = step.kernel * step.kernel;
    for (let from = 0; from < classes; from++) {
      const score = this.#scores[from * h * w + cell] as number;
      if (!learned) {
        sums[from] = (sums[from] as number) + score * (kernel[from * plane + tap] as number);
        continue;
      }
      for (let to = 0; to < classes; to++) {
        const weight = kernel[(from * classes + to) * plane + tap] as number;
        sums[to] = (sums[to] as number) + score * weight;
      }
    }
  }
}

/** A cell that reaches a position of the output, and the tap of the kernel with which it does. */
interface Contribution {
  readonly cell: number;
  readonly tap: number;
}

/** The cells that reach `position` of the uncropped output along an axis of `size` cells. */
function contributions(position: number, size: number, { stride, padding, kernel }: UpsampleStep): Contribution[] {
  const found: Contribution[] = [];
  for (let cell = Math.floor((position + padding) / stride); cell >= 0; cell--) {
    const tap = position + padding - cell * stride;
    if (tap >= kernel) break;
    if (cell < size) found.push({ cell, tap });
  }
  return found;
}
