/**
 * The numbers of a comparison, computed from its records: what the table, the report and `--json` show. The order of
 * the records does not matter.
 */
import { median } from "../base/statistics.js";
import type { PictureSize } from "../image/picture.js";
import type { NetworkCost } from "../models/network-cost.js";
import { answerOf } from "./answer.js";
import type { Answer } from "./answer.js";
import { groupOf, groupsOf, sumOfGroups, summariseGroups } from "./groups.js";
import type { Group, GroupSummary } from "./groups.js";
import { drawnMetricsOf, matrixOf, metricsOf } from "./metrics.js";
import type { DrawnMetrics, Metrics } from "./metrics.js";
import { pairKey, pairsOf } from "./records.js";
import type { FailureRecord, PictureRecord, ResultRecord, RunHeader } from "./records.js";

export interface VariantSummary {
  readonly variant: string;
  /** Absent where no picture has a label map. */
  readonly metrics?: Metrics;
  /** Of sets of pictures that were drawn again, the same for all variants. Absent with fewer than two label maps. */
  readonly drawn?: DrawnMetrics;
  /** Alone, at the most common size of picture; at another size when that was not measured. */
  readonly cost: NetworkCost<string> | undefined;
  /** The part of `cost.ms` that it shares (times.ts); undefined where nothing is shared or measured. */
  readonly sharedMs: number | undefined;
  /** The part that is its own. */
  readonly ownMs: number | undefined;
}

export interface PictureSummary {
  readonly picture: string;
  readonly width: number;
  readonly height: number;
  /** All variants together, RGBA to label maps. */
  readonly ms: number;
  /** Mean IoU by variant, over the classes in this picture's truth; absent without a label map. */
  readonly meanIoU?: Readonly<Record<string, number>>;
  /** Share of pixels on which the two variants furthest apart agree. */
  readonly agreement: number;
  /** Ranks the pictures, the lowest first: the last variant's mean IoU, or the agreement. */
  readonly score: number;
}

export interface OutsideValue {
  readonly value: number;
  readonly pixels: number;
  /** Of all pixels with a label map. */
  readonly share: number;
}

export interface Summary {
  readonly header: RunHeader;
  /** What the comparison found, in a sentence. */
  readonly answer: Answer;
  readonly variants: readonly VariantSummary[];
  /** Networks that share a backbone; one group where all do. */
  readonly groups: readonly GroupSummary[];
  readonly pictures: readonly PictureSummary[];
  /** Pictures with a label map. */
  readonly labelled: number;
  /** Values of label maps that no class has and nobody declared void: they do not count. The most frequent first. */
  readonly outside: readonly OutsideValue[];
  readonly failures: readonly FailureRecord[];
  /** Share of all pixels on which two variants agree. */
  readonly agreement: readonly { readonly a: string; readonly b: string; readonly share: number }[];
  /** Milliseconds of GPU time in the run itself, by stage: medians over the pictures. Empty without timestamps. */
  readonly gpuMs: Readonly<Record<string, number>>;
  /** All variants over one backbone, at the most common size; of several groups their sum. */
  readonly together: NetworkCost<string> | undefined;
  readonly commonSize: PictureSize | undefined;
  readonly costs: readonly NetworkCost<string>[];
}

/** One picture's numbers, from its record alone. */
export function summarisePicture(header: RunHeader, record: PictureRecord): PictureSummary {
  const { picture, width, height, ms, scores } = record;
  const pixels = width * height;
  const shares = Object.values(record.agreement).map((same) => same / pixels);
  const agreement = shares.reduce((least, share) => Math.min(least, share), 1);
  const base = { picture, width, height, ms: ms.total, agreement };
  if (!scores) return { ...base, score: agreement };
  const meanIoU = Object.fromEntries(
    header.variants.map((v) => [v, matrixOf(header, [scores[v]?.confusion ?? []]).meanIoU]),
  );
  const score = meanIoU[header.variants.at(-1) ?? ""] ?? NaN;
  // A label map that is all void has no IoU: the picture is not among the worst.
  return { ...base, meanIoU, score: Number.isNaN(score) ? 1 : score };
}

/** Medians over the pictures of the times of each stage. */
function gpuTimes(pictures: readonly PictureRecord[]): Record<string, number> {
  const byStage = new Map<string, number[]>();
  for (const [stage, ms] of pictures.flatMap((record) => Object.entries(record.ms.stages ?? {}))) {
    const times = byStage.get(stage) ?? [];
    byStage.set(stage, times);
    times.push(ms);
  }
  return Object.fromEntries([...byStage].map(([stage, times]) => [stage, median(times)]));
}

/** All variants at a size. A single one is not a comparison. */
const togetherOf = (
  groups: readonly Group[],
  costs: readonly NetworkCost<string>[],
  size: PictureSize | undefined,
): NetworkCost<string> | undefined =>
  size && groups.flatMap(({ variants }) => variants).length > 1 ? sumOfGroups(groups, costs, size) : undefined;

const byName = (a: { readonly picture: string }, b: { readonly picture: string }): number =>
  a.picture < b.picture ? -1 : 1;

export function summarise(header: RunHeader, records: readonly ResultRecord[]): Summary {
  const pictures = records.filter((r): r is PictureRecord => "ms" in r).sort(byName);
  const failures = records.filter((r): r is FailureRecord => "error" in r).sort(byName);
  const costs = records.flatMap((r) => ("cost" in r ? [r.cost] : []));
  const labelled = pictures.filter((r) => r.scores);
  const commonSize = mostCommonSize(pictures);
  const costOf = (variant: string): NetworkCost<string> | undefined => {
    const own = costs.filter((c) => c.variant === variant);
    return own.find((c) => c.width === commonSize?.width && c.height === commonSize.height) ?? own[0];
  };
  const named = groupsOf(header);
  const groups = summariseGroups(named, pictures, costs, commonSize);
  const variants = header.variants.map((variant): VariantSummary => {
    const cost = costOf(variant);
    return {
      variant,
      ...(labelled.length ? { metrics: metricsOf(header, labelled, variant) } : {}),
      ...(labelled.length > 1 ? { drawn: drawnMetricsOf(header, labelled, variant) } : {}),
      ...partsOfTime(groupOf(groups, variant), cost),
      cost,
    };
  });
  const found = {
    header,
    variants,
    groups,
    pictures: pictures.map((record) => summarisePicture(header, record)),
    labelled: labelled.length,
    outside: outsideOf(labelled),
    failures,
    agreement: agreementOf(header, pictures),
    gpuMs: gpuTimes(pictures),
    together: togetherOf(named, costs, commonSize) ?? costOf("all"),
    commonSize,
    costs,
  };
  return { ...found, answer: answerOf(found) };
}

/** A network alone in its group shares nothing: all its time is its own. */
function partsOfTime(
  group: GroupSummary | undefined,
  cost: NetworkCost<string> | undefined,
): Pick<VariantSummary, "sharedMs" | "ownMs"> {
  if (group?.variants.length === 1) return { sharedMs: undefined, ownMs: cost?.ms };
  const sharedMs = group?.sharedMs;
  return { sharedMs, ownMs: cost && sharedMs !== undefined ? cost.ms - sharedMs : undefined };
}

function agreementOf(header: RunHeader, pictures: readonly PictureRecord[]): Summary["agreement"] {
  const pixels = pictures.reduce((sum, { width, height }) => sum + width * height, 0);
  return pairsOf(header.variants).map(([a, b]) => {
    const same = pictures.reduce((sum, { agreement }) => sum + (agreement[pairKey(a, b)] ?? 0), 0);
    return { a, b, share: same / pixels };
  });
}

function outsideOf(labelled: readonly PictureRecord[]): OutsideValue[] {
  const counts = new Map<number, number>();
  let total = 0;
  for (const { width, height, outside = [] } of labelled) {
    total += width * height;
    for (let i = 0; i + 1 < outside.length; i += 2) {
      const value = Number(outside[i]);
      counts.set(value, (counts.get(value) ?? 0) + Number(outside[i + 1]));
    }
  }
  const values = [...counts].map(([value, pixels]) => ({ value, pixels, share: pixels / total }));
  return values.sort((a, b) => b.pixels - a.pixels || a.value - b.value);
}

/** The size that most pictures have; among equals the larger, then the wider. */
export function mostCommonSize(pictures: readonly PictureSize[]): PictureSize | undefined {
  const counts = new Map<string, PictureSize & { readonly count: number }>();
  for (const { width, height } of pictures) {
    const name = `${width}x${height}`;
    counts.set(name, { width, height, count: (counts.get(name)?.count ?? 0) + 1 });
  }
  const pixels = ({ width, height }: PictureSize): number => width * height;
  const [first] = [...counts.values()].sort((a, b) => b.count - a.count || pixels(b) - pixels(a) || b.width - a.width);
  return first && { width: first.width, height: first.height };
}
