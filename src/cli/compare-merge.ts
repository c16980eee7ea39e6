/** Adds up the results of several --out folders. */
import { dirname, join } from "node:path";
import type { ResultRecord, RunHeader } from "../eval/records.js";
import { COMPARISON } from "./compare-log.js";
import { ReadShards, withoutShard } from "./compare-shards.js";
import { RESULTS, readAlike } from "./read-records.js";
import { RecordIndex } from "./record-index.js";
import { nameFolderOf } from "./record-log.js";

export interface MergedLogs {
  readonly header: RunHeader;
  readonly records: ResultRecord[];
  /** A sentence for each shard that is absent or not done. */
  readonly lacks: readonly string[];
}

/**
 * The records of several folders, each picture once.
 * @throws bad-option when they were made with different options or contradict each other, UsageError when one has no
 * results
 */
export async function mergeLogs(folders: readonly string[]): Promise<MergedLogs> {
  const index = new RecordIndex();
  const shards = new ReadShards();
  const nameFolders = new Map<string, string>();
  const header = await readAlike(
    folders.map((folder) => join(folder, RESULTS)),
    COMPARISON,
    (record, path) => {
      index.add(record, path, nameFolders.get(path) ?? dirname(path));
      shards.add(dirname(path), record);
    },
    (own, path) => {
      nameFolders.set(path, nameFolderOf(dirname(path), own));
      shards.begin(dirname(path), own);
    },
  );
  return { header: withoutShard(header), records: index.records, lacks: shards.lacks };
}
