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
import type { PixelSize } from "./network.js";

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
  /** Size of the picture as the network saw it. Default: the picture's. */
  readonly seen?: PixelSize;
}

/**
 * What a network scored at single pixels: `run(picture, { scores: true })` of a comparison gives one for each network.
 * @example
 * import { Comparison, openCheckpoint, openSource, readPicture, requestDevice } from "fcn-webgpu/node";
 *
 * const device = await requestDevice();
 * const checkpoint = await openCheckpoint(await openSource("photos"));
 * const comparison = await Comparison.open(device, checkpoint, { variants: ["fcn8s"] });
 * const picture = await readPicture("samples/photographs/astronaut.png");
 * const { scores } = await comparison.run(picture, { scores: true });
 * const probabilities = scores?.fcn8s?.probabilities(256, 256); // column, row
 * console.log(probabilities?.length, probabilities?.indexOf(Math.max(...probabilities))); // prints 21 15
 * comparison.dispose();
 * await checkpoint.close();
 * device.dispose();
 */
export class PixelScores {
  /** Columns of the picture. */
  readonly width: number;
  /** Rows of the picture. */
  readonly height: number;
  readonly #scores: Float32Array;
  readonly #shape: Nchw;
  readonly #final: FinalStep;
  readonly #seen: PixelSize;

  /** @throws bad-shape */
  constructor({ width, height, scores, shape, final, seen = [height, width] }: PixelScoresOptions) {
    if (scores.length !== sizeOf(shape))
      throw badShape(`scores ${formatShape(shape)} hold ${sizeOf(shape)} numbers, got ${scores.length}`);
    this.width = width;
    this.height = height;
    this.#scores = scores;
    this.#shape = shape;
    this.#final = final;
    this.#seen = seen;
  }

  /** Logits of every class at column x, row y. @throws bad-option outside the picture */
  logits(x: number, y: number): Float32Array {
    const isInside = [x, y].every(Number.isInteger) && x >= 0 && y >= 0 && x < this.width && y < this.height;
    if (!isInside) throw badOption(`pixel (${x}, ${y}) is not in the picture of ${this.width} x ${this.height}`);
    const sums = new Float64Array(this.#shape[1]);
    const [rows, columns] = [y, x].map((at, axis) =>
      seenNeighbours(at, axis === 0 ? this.height : this.width, this.#seen[axis] as number),
    ) as [Neighbour[], Neighbour[]];
    for (const row of rows) {
      for (const column of columns) this.#addPixel(sums, row.at, column.at, row.weight * column.weight);
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

  /** Adds the logits of one pixel as the network saw it, times `share`. */
  #addPixel(sums: Float64Array, row: number, column: number, share: number): void {
    const [, , h, w] = this.#shape;
    const { step } = this.#final;
    for (const vertical of contributions(row + step.crop.top, h, step)) {
      for (const horizontal of contributions(column + step.crop.left, w, step)) {
        const cell = vertical.cell * w + horizontal.cell;
        this.#addCell(sums, cell, { tap: vertical.tap * step.kernel + horizontal.tap, share });
      }
    }
  }

  /** Adds the scores of one cell, each times the kernel's weight at this tap and times `share`. */
  #addCell(sums: Float64Array, cell: number, { tap, share }: { readonly tap: number; readonly share: number }): void {
    const [, classes, h, w] = this.#shape;
    const { step, kernel, learned } = this.#final;
    const plane = step.kernel * step.kernel;
    for (let from = 0; from < classes; from++) {
      const score = share * (this.#scores[from * h * w + cell] as number);
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

interface Neighbour {
  readonly at: number;
  readonly weight: number;
}

/** The pixels of the seen picture between which a pixel of the picture lies along an axis: half-pixel centres. */
function seenNeighbours(at: number, size: number, seen: number): Neighbour[] {
  if (size === seen) return [{ at, weight: 1 }];
  const position = Math.max(((at + 0.5) * seen) / size - 0.5, 0);
  const low = Math.min(Math.floor(position), seen - 1);
  const high = Math.min(low + 1, seen - 1);
  return [
    { at: low, weight: 1 - (position - low) },
    { at: high, weight: position - low },
  ];
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
