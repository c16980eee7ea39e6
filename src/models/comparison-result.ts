/** What a comparison gives for a picture. */
import { badOption } from "../base/errors.js";
import { bindingOf } from "../gpu/memory.js";
import { isTorchvisionHead } from "../weights/heads.js";
import { COMPARED } from "./compared.js";
import type { ComparedVariant } from "./compared.js";
import { scoresName } from "./comparison-graph.js";
import type { PreparedComparison } from "./comparison-graph.js";
import { outputOf, runTime, timingsOf } from "./picture-result.js";
import type { PictureOutput, PictureResult, Timings } from "./picture-result.js";
import { PixelScores } from "./pixel-scores.js";
import type { FinalStep } from "./pixel-scores.js";
import { networkSize } from "./preprocessing.js";

/** What networks made of a picture, by their names. */
export interface ComparisonResult {
  /** Pixels of a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Each variant's class of every pixel, row by row. */
  readonly labels: Readonly<Record<string, Uint8Array>>;
  /**
   * Milliseconds of the run alone, from RGBA to all label maps, and scores where they are asked for: `upload`,
   * `encode`, `gpu` and `readback` of `timings`. Networks are compared by it.
   */
  readonly run: number;
  /**
   * Milliseconds of GPU time: "shared" and each variant's head. Absent where the device has no timestamps, and where
   * the picture was cut into bands.
   */
  readonly stages?: Readonly<Record<string, number>>;
  /** Milliseconds on the host's clock: where the time of the call went. */
  readonly timings: Timings;
  /**
   * Each variant's label map on the GPU, one byte a pixel in row order, for drawing it. Holds until the next run. Empty
   * where the picture was cut into bands: no whole map lies on the GPU.
   */
  readonly buffers: Readonly<Record<string, GPUBufferBinding>>;
  /** Each variant's logits and probabilities by pixel, where they were asked for. */
  readonly scores?: Readonly<Record<string, PixelScores>>;
}

/** The label maps, their places on the GPU, and the times, by the names of the networks. */
export function comparisonResult(variants: readonly string[], result: PictureResult): ComparisonResult {
  const { width, height, timings, stages } = result;
  const outputs = variants.map((variant) => [variant, outputOf(result, variant)] as const);
  const ofEach = <T>(pick: (output: PictureOutput) => T): Record<string, T> =>
    Object.fromEntries(outputs.map(([variant, output]) => [variant, pick(output)]));
  return {
    width,
    height,
    labels: ofEach(({ values }) => values as Uint8Array),
    buffers: Object.fromEntries(
      outputs.flatMap(([name, { memory }]) => (memory ? [[name, bindingOf(memory) as GPUBufferBinding]] : [])),
    ),
    run: runTime(timings),
    timings: timingsOf(result),
    ...(stages?.size ? { stages: Object.fromEntries(stages) } : {}),
  };
}

/** @throws bad-option where one of the variants has no scores of single pixels */
export function checkHaveScores(variants: readonly ComparedVariant[]): void {
  const dilated = variants.find(isTorchvisionHead);
  if (dilated !== undefined)
    throw badOption(`compare: scores of single pixels exist for ${COMPARED.join(", ")}, not for ${dilated}`);
}

/** A network whose scores were asked for. */
export interface ScoredNetwork {
  /** As in the graph's outputs. */
  readonly name: string;
  readonly variant: ComparedVariant;
  readonly prepared: PreparedComparison;
}

/** The scores of a run of the kind ALL_WITH_SCORES, by the names of the networks. */
export async function pixelScoresOf(
  scored: readonly ScoredNetwork[],
  result: PictureResult,
): Promise<Record<string, PixelScores>> {
  const { width, height } = result;
  const pairs = scored.map(async ({ name, variant, prepared: { networks } }) => {
    const seen = networkSize(height, width, networks.resize);
    const { values, shape } = outputOf(result, scoresName(name));
    const final = (await networks.finalStep(variant)) as FinalStep;
    const scores = values as Float32Array;
    return [name, new PixelScores({ width, height, scores, shape, final, seen })] as const;
  });
  return Object.fromEntries(await Promise.all(pairs));
}
