/** The results of a comparison: `results.jsonl` in the format of src/eval/records.ts, and its pictures by name. */
import { join } from "node:path";
import { parseRunHeader } from "../eval/parse-header.js";
import { parseRecord } from "../eval/parse-records.js";
import { headerDifferences } from "../eval/records.js";
import type { ResultRecord, RunHeader } from "../eval/records.js";
import { RESULTS } from "./read-records.js";
import type { RecordKind } from "./read-records.js";
import { RecordIndex } from "./record-index.js";
import { RecordLog } from "./record-log.js";
import type { LogMode } from "./record-log.js";
import type { WriterLock } from "./writer-lock.js";

export const COMPARISON: RecordKind<RunHeader, ResultRecord> = {
  command: "compare",
  parseHeader: parseRunHeader,
  parseRecord,
  differences: headerDifferences,
};

export class ResultLog {
  private constructor(
    private readonly log: RecordLog<ResultRecord>,
    private readonly index: RecordIndex,
  ) {}

  /**
   * Opens the results of a folder, or begins them.
   * @throws UsageError as RecordLog.open()
   */
  static async open(folder: string, header: RunHeader, mode: LogMode, lock: WriterLock): Promise<ResultLog> {
    const index = new RecordIndex();
    const path = join(folder, RESULTS);
    const onRecord = (record: ResultRecord, nameFolder: string): void => index.add(record, path, nameFolder);
    return new ResultLog(await RecordLog.open({ folder, kind: COMPARISON, header, mode, lock, onRecord }), index);
  }

  /** Where relative names of pictures begin. */
  get nameFolder(): string {
    return this.log.nameFolder;
  }

  /** All records, those read back on a resume included; each picture once. */
  get records(): ResultRecord[] {
    return this.index.records;
  }

  /** A failure that is known with the same reason is not written again. */
  async append(record: ResultRecord): Promise<void> {
    if (this.index.repeats(record)) return;
    await this.log.append(record);
    this.index.add(record, this.log.path, this.nameFolder);
  }

  async close(): Promise<void> {
    await this.log.close();
  }
}
