/**
 * Logits and probabilities of single pixels, worked out on the host from scores at the decoder's last stride: what the final
 * transposed convolution would give at that pixel, without bringing [classes, H, W] numbers off the GPU. A pixel sees at most
 * ceil(kernel / stride) cells along an axis, two for the strides here.
 */
import { FcnError } from "../base/errors.js";
import { badOption } from "../base/options.js";
import { sizeOf } from "../kernel/layout.js";
import type { Nchw } from "../kernel/layout.js";
import type { UpsampleStep } from "../layers/geometry.js";

/** The last transposed convolution of a head. */
export interface FinalStep {
  readonly step: UpsampleStep;
  /** [classes in, classes out, k, k] where it is learned, [classes, 1, k, k] for the fixed bilinear kernel. */
  readonly kernel: Float32Array;
  readonly learned: boolean;
}

export class PixelScores {
  /** `scores` are [1, classes, h, w] at stride `final.step.stride` of a picture of `width` x `height`. */
  constructor(
    readonly width: number,
    readonly height: number,
    private readonly scores: Float32Array,
    private readonly shape: Nchw,
    private readonly final: FinalStep,
  ) {
    if (scores.length !== sizeOf(shape))
      throw new FcnError(
        "bad-shape",
        `scores [${shape.join(",")}] hold ${sizeOf(shape)} numbers, got ${scores.length}`,
      );
  }

  /** Logits of every class at column x, row y. @throws bad-option outside the picture */
  logits(x: number, y: number): Float32Array {
    const inside = [x, y].every(Number.isInteger) && x >= 0 && y >= 0 && x < this.width && y < this.height;
    if (!inside) throw badOption(`pixel (${x}, ${y}) is not in the picture of ${this.width} x ${this.height}`);
    const [, classes, h, w] = this.shape;
    const { step, kernel, learned } = this.final;
    const out = new Float64Array(classes);
    for (const [row, ky] of taps(y + step.crop.top, h, step)) {
      for (const [column, kx] of taps(x + step.crop.left, w, step)) {
        const tap = ky * step.kernel + kx;
        const plane = step.kernel * step.kernel;
        for (let from = 0; from < classes; from++) {
          const score = this.scores[(from * h + row) * w + column] as number;
          if (!learned) out[from] = (out[from] as number) + score * (kernel[from * plane + tap] as number);
          else
            for (let to = 0; to < classes; to++)
              out[to] = (out[to] as number) + score * (kernel[(from * classes + to) * plane + tap] as number);
        }
      }
    }
    return Float32Array.from(out);
  }

  /** Softmax over the classes at column x, row y. @throws bad-option outside the picture */
  probabilities(x: number, y: number): Float32Array {
    const logits = this.logits(x, y);
    const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
    const powers = logits.map((v) => Math.exp(v - largest));
    const sum = powers.reduce((a, b) => a + b, 0);
    return powers.map((v) => v / sum);
  }
}

/** Cells that reach position `at` of the uncropped output along one axis of `size` cells, each with the tap that does. */
function taps(at: number, size: number, { stride, padding, kernel }: UpsampleStep): [cell: number, tap: number][] {
  const found: [number, number][] = [];
  for (let cell = Math.floor((at + padding) / stride); cell >= 0; cell--) {
    const tap = at + padding - cell * stride;
    if (tap >= kernel) break;
    if (cell < size) found.push([cell, tap]);
  }
  return found;
}
