/**
 * `results.jsonl` on disk. It is appended to and never rewritten, a whole line at a time: a process killed at any
 * moment loses at most the picture it was working on. The format is that in src/eval/records.ts.
 */
import { open, readFile, rm, stat, truncate } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { FcnError } from "../base/errors.js";
import { headerDifferences, parseRecord, parseRunHeader } from "../eval/records.js";
import type { ResultRecord, RunHeader } from "../eval/records.js";
import { UsageError } from "./command.js";
import type { LogMode } from "./compare-options.js";

const RESULTS = "results.jsonl";

/** Lines between flushes to the disk. A killed process needs none; a power cut loses no more than these. */
const FLUSH_EVERY = 32;

const NEWLINE = 10;

interface LogContents {
  readonly header: RunHeader;
  readonly records: readonly ResultRecord[];
  /** Bytes of whole lines. A last line without an end was cut off while it was written. */
  readonly wholeBytes: number;
}

/** Undefined when there is no file or no whole line in it. @throws bad-option naming file and line */
async function readLog(path: string): Promise<LogContents | undefined> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return Buffer.alloc(0);
    throw error;
  });
  const wholeBytes = bytes.lastIndexOf(NEWLINE) + 1;
  if (wholeBytes === 0) return undefined;
  const [first = "", ...lines] = bytes.toString("utf8", 0, wholeBytes - 1).split("\n");
  return {
    header: parseRunHeader(first, `${path} line 1`),
    records: lines.map((line, i) => parseRecord(line, `${path} line ${i + 2}`)),
    wholeBytes,
  };
}

/** What differs between two headers, as "boundaryWidth and weights"; undefined when there are none. */
function differenceOf(a: RunHeader, b: RunHeader): string | undefined {
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

/** Cuts off what a killed process left of a line. */
async function cutAfter(path: string, wholeBytes: number): Promise<void> {
  const size = await stat(path).then(
    (info) => info.size,
    () => 0,
  );
  if (size > wholeBytes) await truncate(path, wholeBytes);
}

export class ResultLog {
  #lines = 0;

  private constructor(
    private readonly file: FileHandle,
    /** All records, those read back on a resume included. */
    readonly records: ResultRecord[],
  ) {}

  /**
   * Opens the results of a folder, or begins them.
   * @throws UsageError when there are results and `mode` is "new", or "resume" and they were made with other options
   */
  static async open(folder: string, header: RunHeader, mode: LogMode): Promise<ResultLog> {
    const path = join(folder, RESULTS);
    if (mode === "fresh") await rm(path, { force: true });
    const before = await readLog(path);
    if (before) checkContinuation(path, before.header, header, mode);
    await cutAfter(path, before?.wholeBytes ?? 0);
    const file = await open(path, "a");
    const log = new ResultLog(file, [...(before?.records ?? [])]);
    if (!before) await log.#write(header);
    return log;
  }

  async append(record: ResultRecord): Promise<void> {
    await this.#write(record);
    this.records.push(record);
  }

  async #write(value: object): Promise<void> {
    await this.file.appendFile(`${JSON.stringify(value)}\n`);
    this.#lines++;
    if (this.#lines % FLUSH_EVERY === 0) await this.file.datasync();
  }

  async close(): Promise<void> {
    await this.file.datasync();
    await this.file.close();
  }
}

/** Names a cost: a network at a size. */
export const costKey = (cost: { readonly variant: string; readonly width: number; readonly height: number }): string =>
  `${cost.variant} ${cost.width}x${cost.height}`;

/** Records with equal keys are about the same thing. */
const recordKey = (record: ResultRecord): string =>
  "cost" in record ? `cost ${costKey(record.cost)}` : `picture ${record.picture}`;

/** A record without its times, which no two runs share. */
const withoutTimes = (record: ResultRecord): string =>
  JSON.stringify(record, (key, value: unknown) => (key === "ms" ? undefined : value));

interface FoundRecord {
  readonly record: ResultRecord;
  readonly path: string;
}

/** Adds the records of one file. @throws bad-option for a picture that is there already with other results */
function addRecords(found: Map<string, FoundRecord>, records: readonly ResultRecord[], path: string): void {
  for (const record of records) {
    const key = recordKey(record);
    const other = found.get(key);
    if (!other) found.set(key, { record, path });
    else if (!("cost" in record) && withoutTimes(other.record) !== withoutTimes(record))
      throw new FcnError("bad-option", `${path} and ${other.path} both have ${record.picture}, with different results`);
  }
}

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
  const found = new Map<string, FoundRecord>();
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
    addRecords(found, log.records, path);
  }
  if (!first) throw new UsageError("compare: --merge needs at least one folder");
  return { header: first.header, records: [...found.values()].map(({ record }) => record) };
}
