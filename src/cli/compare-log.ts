/**
 * `results.jsonl` on disk. It is appended to and never rewritten, a whole line at a time: a process killed at any
 * moment loses at most the picture it was working on. The format is that in src/eval/records.ts.
 */
import { open, rm, truncate } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { headerDifferences } from "../eval/records.js";
import type { ResultRecord, RunHeader } from "../eval/records.js";
import { UsageError } from "./command.js";
import { writing } from "./compare-disk.js";
import type { WriterLock } from "./compare-lock.js";
import type { LogMode } from "./compare-options.js";
import { RESULTS, readLog } from "./compare-read.js";
import type { LogContents } from "./compare-read.js";
import { RecordIndex } from "./record-index.js";

/** Lines between flushes to the disk. A killed process needs none; a power cut loses no more than these. */
const FLUSH_EVERY = 32;

/** What differs between two headers, as "boundaryWidth and weights"; undefined when there are none. */
export function differenceOf(a: RunHeader, b: RunHeader): string | undefined {
  const names = headerDifferences(a, b);
  return names.length ? names.join(" and ") : undefined;
}

/** @throws UsageError when results are there and may not be continued */
function checkContinuation(path: string, before: RunHeader, header: RunHeader, mode: LogMode): void {
  if (mode === "new")
    throw new UsageError(
      `compare: ${path} has results already; --resume continues them, --fresh replaces them, --out writes elsewhere`,
    );
  const different = differenceOf(before, header);
  if (different !== undefined)
    throw new UsageError(
      `compare: ${path} was made with other ${different}; resume with the same options, or give --fresh`,
    );
}

/** The folder where relative names of pictures begin. Results of older versions do not say; take this one. */
export const nameFolderOf = (out: string, { base }: RunHeader): string =>
  base === undefined ? process.cwd() : resolve(out, base);

export class ResultLog {
  readonly #index = new RecordIndex();
  #lines = 0;

  private constructor(
    private readonly file: FileHandle,
    private readonly path: string,
    private readonly lock: WriterLock,
    /** Where relative names of pictures begin. */
    readonly nameFolder: string,
    /** Length of the file: whole lines only. */
    private bytes: number,
  ) {}

  /**
   * Opens the results of a folder, or begins them.
   * @throws UsageError when there are results and `mode` is "new", or "resume" and they were made with other options
   */
  static async open(folder: string, header: RunHeader, mode: LogMode, lock: WriterLock): Promise<ResultLog> {
    const path = join(folder, RESULTS);
    if (mode === "fresh") await rm(path, { force: true });
    const before = await readLog(path);
    if (before) checkContinuation(path, before.header, header, mode);
    const file = await writing(path, open(path, "a"));
    // What a killed process left of a line.
    await writing(path, file.truncate(before?.wholeBytes ?? 0));
    const base = relative(resolve(folder), process.cwd());
    const nameFolder = nameFolderOf(folder, before?.header ?? { ...header, base });
    const log = new ResultLog(file, path, lock, nameFolder, before?.wholeBytes ?? 0);
    if (before) log.#readBack(before);
    else await log.#write({ ...header, base });
    return log;
  }

  #readBack({ records }: LogContents): void {
    for (const record of records) this.#index.add(record, this.path, this.nameFolder);
  }

  /** All records, those read back on a resume included; each picture once. */
  get records(): ResultRecord[] {
    return this.#index.records;
  }

  /** A failure that is known with the same reason is not written again. */
  async append(record: ResultRecord): Promise<void> {
    if (this.#index.repeats(record)) return;
    this.lock.check();
    await this.#write(record);
    this.#index.add(record, this.path, this.nameFolder);
  }

  async #write(value: object): Promise<void> {
    const line = `${JSON.stringify(value)}\n`;
    try {
      await writing(this.path, this.file.appendFile(line));
    } catch (error) {
      // A full disk takes a part of the line. A resume would cut it off as well.
      await truncate(this.path, this.bytes).catch(() => undefined);
      throw error;
    }
    this.bytes += Buffer.byteLength(line);
    this.#lines++;
    if (this.#lines % FLUSH_EVERY === 0) await writing(this.path, this.file.datasync());
  }

  async close(): Promise<void> {
    try {
      await writing(this.path, this.file.datasync());
    } finally {
      await this.file.close();
    }
  }
}
