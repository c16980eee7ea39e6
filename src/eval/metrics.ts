/** The metrics of a network over a set, from the counts of its pictures. */
import { drawnIoUs, intervalOf } from "./bootstrap.js";
import type { Interval } from "./bootstrap.js";
import { ConfusionMatrix, truthCounts } from "./confusion.js";
import type { PictureRecord, RunHeader } from "./records.js";

export interface Metrics {
  readonly pixelAccuracy: number;
  readonly meanAccuracy: number;
  readonly meanIoU: number;
  readonly frequencyWeightedIoU: number;
  /** Mean IoU inside the trimap band. */
  readonly boundaryIoU: number;
  readonly perClassIoU: readonly number[];
  readonly perClassBoundaryIoU: readonly number[];
  /** Pixels of each class in the truth. */
  readonly truthPixels: readonly number[];
  readonly confusion: ConfusionMatrix;
  readonly boundary: ConfusionMatrix;
}

/** What bootstrap.ts draws: a metric of each drawn set, and 95 % intervals. */
export interface DrawnMetrics {
  readonly meanIoU: Float64Array;
  readonly boundaryIoU: Float64Array;
  readonly perClassIoU: readonly (Interval | undefined)[];
}

/** The sum of matrices of toSparse(). A list, not arguments: a call takes 120,000 of them at most. */
export function matrixOf(header: RunHeader, sparse: readonly (readonly number[])[]): ConfusionMatrix {
  const matrix = new ConfusionMatrix(header.classNames.length);
  for (const pairs of sparse) matrix.addSparse(pairs);
  return matrix;
}

export function metricsOf(header: RunHeader, records: readonly PictureRecord[], variant: string): Metrics {
  const scores = records.flatMap((record) => record.scores?.[variant] ?? []);
  const confusion = matrixOf(
    header,
    scores.map((own) => own.confusion),
  );
  const boundary = matrixOf(
    header,
    scores.map((own) => own.boundary),
  );
  const { pixelAccuracy, meanAccuracy, meanIoU, frequencyWeightedIoU, perClassIoU } = confusion;
  return {
    pixelAccuracy,
    meanAccuracy,
    meanIoU,
    frequencyWeightedIoU,
    boundaryIoU: boundary.meanIoU,
    perClassIoU,
    perClassBoundaryIoU: boundary.perClassIoU,
    truthPixels: truthCounts(confusion),
    confusion,
    boundary,
  };
}

/** Two pictures are needed at least. */
export function drawnMetricsOf(
  { classNames }: RunHeader,
  records: readonly PictureRecord[],
  variant: string,
): DrawnMetrics {
  const drawnOf = (measure: "confusion" | "boundary") =>
    drawnIoUs(
      records.map(({ scores }) => scores?.[variant]?.[measure] ?? []),
      classNames.length,
    );
  const { mean, byClass } = drawnOf("confusion");
  return { meanIoU: mean, boundaryIoU: drawnOf("boundary").mean, perClassIoU: byClass.map(intervalOf) };
}
