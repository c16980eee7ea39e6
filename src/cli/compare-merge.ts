/** Adds up the results of several --out folders. */
import { dirname, join } from "node:path";
import type { ResultRecord, RunHeader } from "../eval/records.js";
import { COMPARISON } from "./compare-log.js";
import { RESULTS, readAlike } from "./read-records.js";
import { RecordIndex } from "./record-index.js";
import { nameFolderOf } from "./record-log.js";

export interface MergedLogs {
  readonly header: RunHeader;
  readonly records: ResultRecord[];
}

/**
 * The records of several folders, each picture once.
 * @throws bad-option when they were made with different options or contradict each other, UsageError when one has no
 * results
 */
export async function mergeLogs(folders: readonly string[]): Promise<MergedLogs> {
  const index = new RecordIndex();
  const nameFolders = new Map<string, string>();
  const header = await readAlike(
    folders.map((folder) => join(folder, RESULTS)),
    COMPARISON,
    (record, path) => index.add(record, path, nameFolders.get(path) ?? dirname(path)),
    (own, path) => nameFolders.set(path, nameFolderOf(dirname(path), own)),
  );
  return { header, records: index.records };
}
