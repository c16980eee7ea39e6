/** From the records of a comparison to its numbers: what the table, the report and `--json` show. Pure; order does not matter. */
import { median } from "../base/statistics.js";
import type { NetworkCost } from "../models/network-cost.js";
import { ConfusionMatrix } from "./confusion.js";
import { pairsOf } from "./records.js";
import type { FailureRecord, Header, PictureRecord, ResultRecord } from "./records.js";

export interface VariantSummary {
  readonly variant: string;
  /** Absent where no picture has a label map. */
  readonly metrics?: Metrics;
  /** Alone, at the most common size of picture. */
  readonly cost: NetworkCost | undefined;
  /** Median milliseconds over the pictures that its head takes on the GPU. */
  readonly headMs: number | undefined;
}

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

export interface PictureSummary {
  readonly picture: string;
  readonly width: number;
  readonly height: number;
  readonly ms: number;
  /** Mean IoU by variant, over the classes in this picture's truth; absent without a label map. */
  readonly meanIoU?: Readonly<Record<string, number>>;
  /** Share of pixels on which all pairs agree least. */
  readonly agreement: number;
  /** What pictures are ranked by, the lowest first: the last variant's mean IoU, or the agreement. */
  readonly score: number;
}

export interface Summary {
  readonly header: Header;
  readonly variants: readonly VariantSummary[];
  readonly pictures: readonly PictureSummary[];
  readonly labelled: number;
  readonly failures: readonly FailureRecord[];
  /** Share of all pixels on which two variants agree. */
  readonly agreement: readonly { readonly a: string; readonly b: string; readonly share: number }[];
  /** Median milliseconds of GPU time over the pictures that all variants share. */
  readonly sharedMs: number | undefined;
  /** All variants over one backbone, at the most common size. */
  readonly together: NetworkCost | undefined;
  readonly commonSize: { readonly width: number; readonly height: number } | undefined;
  readonly costs: readonly NetworkCost[];
}

/** One picture's ranking, from its record alone. */
export function summarisePicture(header: Header, record: PictureRecord): PictureSummary {
  const { picture, width, height, ms, scores } = record;
  const pixels = width * height;
  const agreement = Math.min(1, ...Object.values(record.agreement).map((same) => same / pixels));
  const base = { picture, width, height, ms: ms.total, agreement };
  if (!scores) return { ...base, score: agreement };
  const meanIoU = Object.fromEntries(
    header.variants.map((v) => [v, matrixOf(header, scores[v]?.confusion ?? []).meanIoU]),
  );
  const score = meanIoU[header.variants.at(-1) ?? ""] ?? NaN;
  // A label map that is void throughout says nothing.
  return { ...base, meanIoU, score: Number.isNaN(score) ? 1 : score };
}

function matrixOf(header: Header, ...sparse: (readonly number[])[]): ConfusionMatrix {
  const matrix = new ConfusionMatrix(header.classNames.length);
  for (const pairs of sparse) matrix.addSparse(pairs);
  return matrix;
}

const medianOf = (values: readonly number[]): number | undefined => (values.length ? median(values) : undefined);

export function summarise(header: Header, records: readonly ResultRecord[]): Summary {
  const pictures = records
    .filter((r): r is PictureRecord => "ms" in r)
    .sort((a, b) => (a.picture < b.picture ? -1 : 1));
  const failures = records
    .filter((r): r is FailureRecord => "error" in r)
    .sort((a, b) => (a.picture < b.picture ? -1 : 1));
  const costs = records.flatMap((r) => ("cost" in r ? [r.cost] : []));
  const labelled = pictures.filter((r) => r.scores);
  const commonSize = mostCommonSize(pictures);
  const timed = pictures.flatMap(({ ms }) => (ms.stages ? [ms.stages] : []));
  const costOf = (variant: string): NetworkCost | undefined => {
    const own = costs.filter((c) => c.variant === variant);
    return own.find((c) => c.width === commonSize?.width && c.height === commonSize.height) ?? own[0];
  };
  const variants = header.variants.map((variant): VariantSummary => ({
    variant,
    ...(labelled.length ? { metrics: metricsOf(header, labelled, variant) } : {}),
    headMs: medianOf(timed.map((stages) => stages[variant] ?? 0)),
    cost: costOf(variant),
  }));
  const pixels = pictures.reduce((sum, r) => sum + r.width * r.height, 0);
  return {
    header,
    variants,
    pictures: pictures.map((record) => summarisePicture(header, record)),
    labelled: labelled.length,
    failures,
    agreement: pairsOf(header.variants).map(([a, b]) => ({
      a,
      b,
      share: pictures.reduce((sum, r) => sum + (r.agreement[`${a} ${b}`] ?? 0), 0) / pixels,
    })),
    sharedMs: medianOf(timed.map((stages) => stages.shared ?? 0)),
    together: costOf("all"),
    commonSize,
    costs,
  };
}

function metricsOf(header: Header, records: readonly PictureRecord[], variant: string): Metrics {
  const confusion = matrixOf(header, ...records.map((r) => r.scores?.[variant]?.confusion ?? []));
  const boundary = matrixOf(header, ...records.map((r) => r.scores?.[variant]?.boundary ?? []));
  const { pixelAccuracy, meanAccuracy, meanIoU, frequencyWeightedIoU, perClassIoU } = confusion;
  const truthPixels = header.classNames.map((_, t) =>
    Array.from(
      confusion.counts.subarray(t * (header.classNames.length + 1), (t + 1) * (header.classNames.length + 1)),
    ).reduce((a, b) => a + b, 0),
  );
  return {
    pixelAccuracy,
    meanAccuracy,
    meanIoU,
    frequencyWeightedIoU,
    boundaryIoU: boundary.meanIoU,
    perClassIoU,
    perClassBoundaryIoU: boundary.perClassIoU,
    truthPixels,
    confusion,
    boundary,
  };
}

/** The size that most pictures have; of equals the larger, then the wider. */
export function mostCommonSize(
  pictures: readonly { readonly width: number; readonly height: number }[],
): { width: number; height: number } | undefined {
  const counts = new Map<string, { width: number; height: number; count: number }>();
  for (const { width, height } of pictures) {
    const entry = counts.get(`${width}x${height}`) ?? { width, height, count: 0 };
    entry.count++;
    counts.set(`${width}x${height}`, entry);
  }
  const [first] = [...counts.values()].sort(
    (a, b) => b.count - a.count || b.width * b.height - a.width * a.height || b.width - a.width,
  );
  return first && { width: first.width, height: first.height };
}
