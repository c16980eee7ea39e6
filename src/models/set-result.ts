/** What a set gives for a picture: the results of its groups together. */
import type { RunTimings } from "../plan/plan-options.js";
import { comparisonResult, pixelScoresOf } from "./comparison-result.js";
import type { ComparisonResult } from "./comparison-result.js";
import { timingsOf } from "./picture-result.js";
import type { PictureResult } from "./picture-result.js";
import type { PixelScores } from "./pixel-scores.js";
import type { GroupMember, OpenGroup } from "./set-groups.js";

/**
 * As of a comparison, by the names of the networks. Times are sums over the groups. `buffers` hold until the next run;
 * where memory was short, only those of the last group do.
 */
export interface ComparisonSetResult extends ComparisonResult {
  /** Milliseconds of the run of each group, in their order: parts of `run`. */
  readonly groupRuns: readonly number[];
}

type ByName<T> = Readonly<Record<string, T>>;

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function sumOfTimings(all: readonly RunTimings[]): RunTimings {
  const keys = [...new Set(all.flatMap(Object.keys))] as (keyof RunTimings)[];
  const sums = keys.map((key) => [key, sum(all.map((timings) => timings[key] ?? 0))]);
  return Object.fromEntries(sums) as RunTimings;
}

/** @param results one of each group */
export function resultOfSet(groups: readonly OpenGroup[], results: readonly PictureResult[]): ComparisonSetResult {
  const parts = groups.map(({ networks }, i) => comparisonResult(networks, results[i] as PictureResult));
  const merged = <T>(pick: (own: ComparisonResult) => ByName<T>): ByName<T> =>
    Object.fromEntries(parts.flatMap((own) => Object.entries(pick(own))));
  const first = results[0] as PictureResult;
  const { width, height } = first;
  const isTimed = parts.every(({ stages }) => stages);
  const groupRuns = parts.map(({ run }) => run);
  const timings = sumOfTimings(results.map((result) => result.timings));
  const compile = sum(results.map((result) => result.compile));
  return {
    width,
    height,
    labels: merged(({ labels }) => labels),
    buffers: merged(({ buffers }) => buffers),
    run: sum(groupRuns),
    groupRuns,
    timings: timingsOf({ ...first, compile, timings }),
    ...(isTimed ? { stages: merged(({ stages = {} }) => stages) } : {}),
  };
}

/** The scores of runs of the kind ALL_WITH_SCORES, by the names of the networks. */
export async function scoresOfSet(
  groups: readonly OpenGroup[],
  results: readonly PictureResult[],
): Promise<ByName<PixelScores>> {
  const all = groups.map(({ heads, members }, i) => {
    const scored = heads.map(({ name, variant, member }) => {
      return { name, variant, prepared: (members[member] as GroupMember).prepared };
    });
    return pixelScoresOf(scored, results[i] as PictureResult);
  });
  return Object.assign({}, ...(await Promise.all(all))) as ByName<PixelScores>;
}
