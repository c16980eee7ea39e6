/**
 * `results.jsonl` on disk: appended to and never rewritten, a whole line at a time, so that a process killed at any moment loses
 * at most the picture it was working on. The format is src/eval/records.ts's.
 */
import { open, readFile, rm, stat, truncate } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { FcnError } from "../base/errors.js";
import { headerDifferences, parseRecord, parseRunHeader } from "../eval/records.js";
import type { ResultRecord, RunHeader } from "../eval/records.js";
import { UsageError } from "./command.js";

const RESULTS = "results.jsonl";

/** Lines between flushes to the disk itself: a killed process needs none, a power cut loses no more than these. */
const FLUSH_EVERY = 32;

export interface LogContents {
  readonly header: RunHeader;
  readonly records: readonly ResultRecord[];
  /** Bytes of whole lines; what follows was cut off while being written. */
  readonly wholeBytes: number;
}

/** Undefined when there is no file or no whole line in it. @throws bad-option naming file and line */
async function readLog(path: string): Promise<LogContents | undefined> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return Buffer.alloc(0);
    throw error;
  });
  const wholeBytes = bytes.lastIndexOf(10) + 1;
  if (wholeBytes === 0) return undefined;
  const [first = "", ...lines] = bytes.toString("utf8", 0, wholeBytes - 1).split("\n");
  return {
    header: parseRunHeader(first, `${path} line 1`),
    records: lines.map((line, i) => parseRecord(line, `${path} line ${i + 2}`)),
    wholeBytes,
  };
}

export class ResultLog {
  #lines = 0;

  private constructor(
    private readonly file: FileHandle,
    /** All there is, what was read back on a resume included. */
    readonly records: ResultRecord[],
  ) {}

  /** @throws UsageError when there are results and neither `resume` nor `fresh` says what to do with them, or they were made differently */
  static async open(folder: string, header: RunHeader, mode: "new" | "resume" | "fresh"): Promise<ResultLog> {
    const path = join(folder, RESULTS);
    if (mode === "fresh") await rm(path, { force: true });
    const before = await readLog(path);
    if (before && mode === "new")
      throw new UsageError(
        `compare: ${path} has results already; --resume goes on with them, --fresh replaces them, --out writes elsewhere`,
      );
    if (before) {
      const different = headerDifferences(before.header, header);
      if (different.length)
        throw new UsageError(
          `compare: ${path} was made with other ${different.join(" and ")}; resume with the same options, or --fresh`,
        );
    }
    const size = await stat(path).then(
      (info) => info.size,
      () => 0,
    );
    if (size > (before?.wholeBytes ?? 0)) await truncate(path, before?.wholeBytes ?? 0);
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
    if (++this.#lines % FLUSH_EVERY === 0) await this.file.datasync();
  }

  async close(): Promise<void> {
    await this.file.datasync();
    await this.file.close();
  }
}

/** The records of several folders together: each picture once. @throws bad-option when they cannot be added up or contradict each other */
export async function mergeLogs(folders: readonly string[]): Promise<{ header: RunHeader; records: ResultRecord[] }> {
  let header: RunHeader | undefined;
  const seen = new Map<string, { record: ResultRecord; path: string }>();
  for (const folder of folders) {
    const path = join(folder, RESULTS);
    const log = await readLog(path);
    if (!log) throw new UsageError(`compare: there are no results in ${path}`);
    header ??= log.header;
    const different = headerDifferences(header, log.header);
    if (different.length)
      throw new FcnError(
        "bad-option",
        `${path}: made with other ${different.join(" and ")} than ${join(folders[0] ?? "", RESULTS)}; these cannot be added up`,
      );
    for (const record of log.records) {
      const key =
        "cost" in record
          ? `cost ${record.cost.variant} ${record.cost.width}x${record.cost.height}`
          : `picture ${record.picture}`;
      const other = seen.get(key);
      if (!other) seen.set(key, { record, path });
      else if (!("cost" in record) && counts(other.record) !== counts(record))
        throw new FcnError(
          "bad-option",
          `${path} and ${other.path} both have ${record.picture}, with different results`,
        );
    }
  }
  if (!header) throw new UsageError("compare: --merge needs at least one folder");
  return { header, records: [...seen.values()].map(({ record }) => record) };
}

/** A record without its times, which no two runs share. */
const counts = (record: ResultRecord): string =>
  JSON.stringify(record, (key, value: unknown) => (key === "ms" ? undefined : value));
