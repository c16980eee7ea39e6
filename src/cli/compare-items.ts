/** The pictures of a comparison: each file once, without those that are done. */
import { isAbsolute, resolve } from "node:path";
import type { ResultRecord } from "../eval/records.js";
import type { ResultLog } from "./compare-log.js";
import type { DatasetItem } from "./datasets.js";
import { identityOf } from "./record-index.js";

/** Pictures of a VOC folder are named by their ids, all others by their paths. */
const isNamedByPath = ({ key, picture }: DatasetItem): boolean => resolve(key) === resolve(picture);

/** One text for all spellings of the picture's path. */
export const identityOfItem = (item: DatasetItem): string => identityOf(item.picture) ?? resolve(item.picture);

/** The first of the items that are one file, by whatever paths it was named. */
export function distinctItems(items: readonly DatasetItem[]): DatasetItem[] {
  const found = new Map<string, DatasetItem>();
  for (const item of items) {
    const identity = identityOfItem(item);
    if (!found.has(identity)) found.set(identity, item);
  }
  return [...found.values()];
}

/** Names of pictures with results. Failed ones are tried again. */
const namesDone = (records: readonly ResultRecord[]): string[] =>
  records.flatMap((record) => ("ms" in record ? [record.picture] : []));

/**
 * Items without a result, however their paths were spelled before. A run that is continued from another working
 * directory names the new ones by whole paths.
 */
export function remainingItems(items: readonly DatasetItem[], log: ResultLog): DatasetItem[] {
  const { nameFolder, records } = log;
  const names = namesDone(records);
  const done = new Set(names);
  const identities = new Set(names.map((name) => identityOf(resolve(nameFolder, name))));
  const isElsewhere = nameFolder !== process.cwd();
  return items.flatMap((item) => {
    if (!isNamedByPath(item)) return done.has(item.key) ? [] : [item];
    const isDone = identities.has(identityOfItem(item)) || (!isElsewhere && done.has(item.key));
    if (isDone) return [];
    const isRelative = !isAbsolute(item.key);
    return isElsewhere && isRelative ? [{ ...item, key: resolve(item.picture) }] : [item];
  });
}
