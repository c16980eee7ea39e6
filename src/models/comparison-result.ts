/** What a comparison gives for a picture. */
import type { RunTimings } from "../plan/plan.js";
import type { PixelScores } from "./pixel-scores.js";

export interface ComparisonResult {
  readonly width: number;
  readonly height: number;
  /** Each variant's class of every pixel, row by row. */
  readonly labels: Readonly<Record<string, Uint8Array>>;
  /** Milliseconds from RGBA to all label maps, and scores where they are asked for, without making the plan. */
  readonly total: number;
  /** Milliseconds it took to make the plan; 0 when the size was seen before. */
  readonly compile: number;
  /** Milliseconds of GPU time: "shared" and each variant's head. Absent where the device has no timestamps. */
  readonly stages?: Readonly<Record<string, number>>;
  /** Milliseconds on the host's clock, parts of `total`. */
  readonly timings: RunTimings;
  /** Each variant's label map on the GPU, one byte a pixel in row order, for drawing it. Holds until the next run. */
  readonly buffers: Readonly<Record<string, GPUBufferBinding>>;
  /** Each variant's logits and probabilities by pixel, where they were asked for. */
  readonly scores?: Readonly<Record<string, PixelScores>>;
}
