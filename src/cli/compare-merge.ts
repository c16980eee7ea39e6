/** Adds up the results of several --out folders. */
import { join } from "node:path";
import { FcnError } from "../base/errors.js";
import type { ResultRecord, RunHeader } from "../eval/records.js";
import { UsageError } from "./command.js";
import { differenceOf, nameFolderOf } from "./compare-log.js";
import { RESULTS, readLog } from "./compare-read.js";
import { RecordIndex } from "./record-index.js";

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
  let first: { readonly header: RunHeader; readonly path: string } | undefined;
  const index = new RecordIndex();
  for (const folder of folders) {
    const path = join(folder, RESULTS);
    const log = await readLog(path);
    if (!log) throw new UsageError(`compare: there are no results in ${path}`);
    first ??= { header: log.header, path };
    const different = differenceOf(first.header, log.header);
    if (different !== undefined)
      throw new FcnError(
        "bad-option",
        `${path}: made with other ${different} than ${first.path}; these cannot be added up`,
      );
    const nameFolder = nameFolderOf(folder, log.header);
    for (const record of log.records) index.add(record, path, nameFolder);
  }
  if (!first) throw new UsageError("compare: --merge needs at least one folder");
  return { header: first.header, records: index.records };
}
