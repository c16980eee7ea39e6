/**
 * The loop of a comparison. Pictures are decoded ahead, and the last one is counted while the GPU works on this one.
 * Every finished picture is in results.jsonl before the next is waited for.
 */
import { isTooLarge, messageOf } from "../base/errors.js";
import { scorePicture } from "../eval/records.js";
import type { PictureRecord, RunHeader } from "../eval/records.js";
import { mostCommonSize, summarisePicture } from "../eval/summary.js";
import { decodePicture, isPictureError, readLabelFile } from "../image/decode.js";
import type { LabelMeaning, ValueCounts } from "../image/label-meaning.js";
import type { RgbaPicture } from "../image/picture.js";
import { fileNames } from "../eval/titles.js";
import type { ComparisonSet } from "../models/node-comparison.js";
import type { ComparisonSetResult } from "../models/set-result.js";
import type { Keeper } from "./compare-kept.js";
import type { ResultLog } from "./compare-log.js";
import type { Size } from "./compare-options.js";
import type { DatasetItem } from "./datasets.js";
import { readListedFile } from "./listed-file.js";
import { overlapped } from "./overlap.js";
import { itemBar } from "./progress.js";
import { costKey } from "./record-index.js";

interface Loaded {
  readonly picture: RgbaPicture;
  /** The label map, where there is one. */
  readonly truth: Uint8Array | undefined;
  /** Values of the label map that mean nothing, counted. */
  readonly outside: ValueCounts;
}

export interface ComparisonJob {
  readonly header: RunHeader;
  readonly comparison: ComparisonSet;
  /** What the values of label maps mean. */
  readonly meaning: LabelMeaning;
  readonly log: ResultLog;
  readonly keeper: Keeper;
  /** Called with the message for each picture that could not be used. */
  readonly onFailure: (message: string) => void;
  /** Asked before each picture; true ends the loop early. */
  readonly stopped: () => boolean;
}

async function load({ picture: path, label, listed }: DatasetItem, job: ComparisonJob): Promise<Loaded> {
  const picture = await decodePicture(await readListedFile(path, listed), path);
  if (label === undefined) return { picture, truth: undefined, outside: [] };
  const rules = { ...job.meaning, classes: job.comparison.classes };
  const { labels, outside } = await readLabelFile(label, picture, rules);
  return { picture, truth: labels, outside };
}

/** Errors that concern one picture only; every other one ends the run. */
const concernsPicture = (error: unknown): boolean => isPictureError(error) || isTooLarge(error);

const roundedToMicroseconds = (ms: number): number => Math.round(ms * 1000) / 1000;

function timesOf({ groups }: RunHeader, { run, groupRuns, stages }: ComparisonSetResult): PictureRecord["ms"] {
  const ofGroups = groups && { groups: groupRuns.map(roundedToMicroseconds) };
  const times = { total: roundedToMicroseconds(run), ...ofGroups };
  if (!stages) return times;
  const rounded = Object.entries(stages).map(([name, ms]) => [name, roundedToMicroseconds(ms)] as const);
  return { ...times, stages: Object.fromEntries(rounded) };
}

async function finish(
  { header, log, keeper }: ComparisonJob,
  { key }: DatasetItem,
  { picture, truth, outside }: Loaded,
  result: ComparisonSetResult,
): Promise<void> {
  const { labels, width, height } = result;
  const record: PictureRecord = {
    picture: key,
    width,
    height,
    ms: timesOf(header, result),
    ...scorePicture(header, labels, picture, truth),
    ...(outside.length ? { outside } : {}),
  };
  // Kept before it is logged: if the process is killed in between, the picture is not in the results and is run again.
  const { score } = summarisePicture(header, record);
  const files = fileNames(header.variants);
  const maps = Object.fromEntries(header.variants.map((variant) => [files.get(variant) ?? "", labels[variant]]));
  await keeper.offer({ name: key, score, picture, maps: { truth, ...maps } });
  await log.append(record);
}

/** Works through the items. Pictures that cannot be used are recorded as failures. @throws device-lost and the like */
export async function runComparison(items: readonly DatasetItem[], job: ComparisonJob): Promise<void> {
  const bar = itemBar(items.length);
  await overlapped<DatasetItem, Loaded, ComparisonSetResult>(items, {
    load: (item) => load(item, job),
    run: ({ picture }) => job.comparison.run(picture),
    async finish(item, loaded, result) {
      await finish(job, item, loaded, result);
      bar.step(item.key);
    },
    async fail(item, error) {
      if (!concernsPicture(error)) throw error;
      bar.clear();
      job.onFailure(messageOf(error));
      await job.log.append({ picture: item.key, error: messageOf(error) });
      bar.step(item.key);
    },
    stopped: job.stopped,
  });
  bar.clear();
}

/** Default sizes to measure, as multiples of the most common size of the pictures. */
const DEFAULT_SCALES = [0.5, 1, 1.5];

/** The most common size of the pictures with the sizes asked for; without any asked for, multiples of it. */
export function sizesToMeasure(asked: readonly Size[] | undefined, pictures: readonly PictureRecord[]): Size[] {
  const common = mostCommonSize(pictures);
  if (asked) return common ? [[common.width, common.height], ...asked] : [...asked];
  if (!common) return [];
  const scaled = (side: number, scale: number): number => Math.max(1, Math.round(side * scale));
  return DEFAULT_SCALES.map((scale) => [scaled(common.width, scale), scaled(common.height, scale)]);
}

/** Rounds at the most common size, whose times have intervals, and at other sizes. */
const ROUNDS = 11;
const OTHER_ROUNDS = 5;

/**
 * Measures every network alone, and those of each backbone together. Skips what the results have, and sizes too large
 * for the device.
 */
export async function measureCosts(
  sizes: readonly Size[],
  { comparison, log, onFailure, stopped }: ComparisonJob,
): Promise<void> {
  const together = comparison.groups.filter(({ variants }) => variants.length > 1);
  const measured = [...comparison.variants, ...together.map((group) => group.together)];
  const common = mostCommonSize(log.records.flatMap((record) => ("ms" in record ? record : [])));
  const known = new Set(log.records.flatMap((record) => ("cost" in record ? [costKey(record.cost)] : [])));
  for (const [width, height] of sizes) {
    const missing = measured.filter((variant) => !known.has(costKey({ variant, width, height })));
    if (stopped() || !missing.length) continue;
    for (const variant of missing) known.add(costKey({ variant, width, height }));
    const isCommon = common?.width === width && common.height === height;
    const rounds = isCommon ? ROUNDS : OTHER_ROUNDS;
    try {
      for (const cost of await comparison.measure(missing, height, width, rounds)) await log.append({ cost });
    } catch (error) {
      if (!concernsPicture(error)) throw error;
      onFailure(messageOf(error));
    }
  }
}
