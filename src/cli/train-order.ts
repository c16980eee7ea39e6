/** The order of a training: which pictures a step sees. It depends on the seed, the stage and the epoch alone. */
import type { DatasetItem } from "./datasets.js";
import { shuffled } from "./train-data.js";

interface OrderOptions {
  readonly seed: number;
  readonly stage: string;
  readonly batch: number;
  /** "480x640" of a picture. */
  readonly sizeOf: (item: DatasetItem) => string;
}

/**
 * Batches of an epoch. Pictures of one size come together where there are enough of them, since each mixture of sizes
 * needs a plan of its own; what is left over is mixed.
 */
export function batchesOf(
  items: readonly DatasetItem[],
  epoch: number,
  { seed, stage, batch, sizeOf }: OrderOptions,
): DatasetItem[][] {
  const groups = new Map<string, DatasetItem[]>();
  for (const item of shuffled(items, `${seed}/${stage}/${epoch}/pictures`)) {
    const size = sizeOf(item);
    groups.set(size, [...(groups.get(size) ?? []), item]);
  }
  const batches: DatasetItem[][] = [];
  const left: DatasetItem[] = [];
  for (const group of [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, own]) => own)) {
    const whole = group.length - (group.length % batch);
    for (let i = 0; i < whole; i += batch) batches.push(group.slice(i, i + batch));
    left.push(...group.slice(whole));
  }
  for (let i = 0; i < left.length; i += batch) batches.push(left.slice(i, i + batch));
  return shuffled(batches, `${seed}/${stage}/${epoch}/batches`);
}
