/**
 * The loop of a comparison: pictures are decoded ahead, and the last one is counted while the GPU works on this one. Every
 * finished picture is in results.jsonl before the next is waited for.
 */
import { isFcnError, messageOf } from "../base/errors.js";
import { scorePicture } from "../eval/records.js";
import type { PictureRecord, RunHeader } from "../eval/records.js";
import { mostCommonSize, summarisePicture } from "../eval/summary.js";
import { readLabelFile, readPictureFile } from "../image/decode.js";
import type { RgbaPicture } from "../image/picture.js";
import type { Comparison, ComparisonResult } from "../models/comparison.js";
import { ALL } from "../models/network-cost.js";
import type { Keeper } from "./compare-kept.js";
import type { ResultLog } from "./compare-log.js";
import type { Item } from "./datasets.js";
import { overlapped } from "./overlap.js";
import { progress } from "./progress.js";

interface Loaded {
  readonly picture: RgbaPicture;
  readonly truth: Uint8Array | undefined;
}

export interface RunJob {
  readonly header: RunHeader;
  readonly comparison: Comparison;
  readonly log: ResultLog;
  readonly keeper: Keeper;
  /** A picture that could not be used. */
  readonly onFailure: (message: string) => void;
  /** Asked before each picture; true ends the loop early. */
  readonly stopped: () => boolean;
}

async function load(item: Item): Promise<Loaded> {
  const picture = await readPictureFile(item.picture);
  return { picture, truth: item.label === undefined ? undefined : (await readLabelFile(item.label, picture)).labels };
}

/** What is wrong with this picture alone; anything else ends the run. */
const isPictureError = (error: unknown): boolean =>
  isFcnError(error, "bad-image") || isFcnError(error, "limit-too-small") || isFcnError(error, "out-of-memory");

const round = (ms: number): number => Math.round(ms * 1000) / 1000;

async function finish(
  { header, log, keeper }: RunJob,
  item: Item,
  { picture, truth }: Loaded,
  { labels, total, stages, width, height }: ComparisonResult,
): Promise<void> {
  const times = stages
    ? { stages: Object.fromEntries(Object.entries(stages).map(([name, ms]) => [name, round(ms)])) }
    : {};
  const record: PictureRecord = {
    picture: item.key,
    width,
    height,
    ms: { total: round(total), ...times },
    ...scorePicture(header, labels, picture, truth),
  };
  // Kept first: killed in between, the picture is not in the results and comes again.
  await keeper.offer(item.key, summarisePicture(header, record).score, picture, { truth, ...labels });
  await log.append(record);
}

/** Works through the items; pictures that cannot be used are recorded as failures. @throws device-lost and the like */
export async function runComparison(items: readonly Item[], job: RunJob): Promise<void> {
  const bar = progress(items.length);
  await overlapped<Item, Loaded, ComparisonResult>(items, {
    load,
    run: ({ picture }) => job.comparison.run(picture),
    async finish(item, loaded, result) {
      await finish(job, item, loaded, result);
      bar.step(item.key);
    },
    async fail(item, error) {
      if (!isPictureError(error)) throw error;
      bar.clear();
      job.onFailure(messageOf(error));
      await job.log.append({ picture: item.key, error: messageOf(error) });
      bar.step(item.key);
    },
    stopped: job.stopped,
  });
  bar.clear();
}

/** Sizes asked for as "WxH"; by default half, once and one and a half times the most common size of the pictures. */
export function sizesToMeasure(
  given: readonly (readonly [number, number])[] | undefined,
  pictures: readonly PictureRecord[],
): (readonly [number, number])[] {
  const common = mostCommonSize(pictures);
  const base: (readonly [number, number])[] = common ? [[common.width, common.height]] : [];
  if (given) return [...base, ...given];
  return base.flatMap(([w, h]) =>
    [0.5, 1, 1.5].map((f) => [Math.max(1, Math.round(w * f)), Math.max(1, Math.round(h * f))] as const),
  );
}

/** Measures every variant alone at these sizes, less what the results have already. A size too large for the device is left out. */
export async function measureCosts(
  sizes: readonly (readonly [number, number])[],
  { comparison, log, onFailure, stopped }: RunJob,
): Promise<void> {
  const known = new Set(
    log.records.flatMap((r) => ("cost" in r ? [`${r.cost.variant} ${r.cost.width}x${r.cost.height}`] : [])),
  );
  for (const [width, height] of sizes) {
    const measured = comparison.variants.length > 1 ? [...comparison.variants, ALL] : comparison.variants;
    const missing = measured.filter((variant) => !known.has(`${variant} ${width}x${height}`));
    if (stopped() || !missing.length) continue;
    missing.forEach((variant) => known.add(`${variant} ${width}x${height}`));
    try {
      for (const cost of await comparison.measure(missing, height, width)) await log.append({ cost });
    } catch (error) {
      if (!isPictureError(error)) throw error;
      onFailure(messageOf(error));
    }
  }
}
