/**
 * `results.jsonl` on disk. It is appended to and never rewritten, a whole line at a time: a process killed at any
 * moment loses at most the picture it was working on. The disk is told to keep what it has after every 32 lines and at
 * the end (fdatasync), so a power cut loses no more than 32 lines, whose pictures --resume does again.
 */
import { open, truncate } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { nativePath } from "../base/native-path.js";
import { UsageError } from "./command.js";
import { removing, writing } from "./output-disk.js";
import { RESULTS, differenceOf, readRecords } from "./read-records.js";
import type { RecordKind } from "./read-records.js";
import type { WriterLock } from "./writer-lock.js";

/** Lines between flushes to the disk. A killed process needs none; a power cut loses no more than these. */
const FLUSH_EVERY = 32;

/** What to do with results that are in --out already. */
export type LogMode = "new" | "resume" | "fresh";

/** @throws UsageError when both are given */
export function modeOf(
  command: string,
  { resume, fresh }: { readonly resume: boolean; readonly fresh: boolean },
): LogMode {
  if (resume && fresh) throw new UsageError(`${command}: --resume keeps the results, --fresh replaces them; give one`);
  if (fresh) return "fresh";
  return resume ? "resume" : "new";
}

/** What every header has. */
export interface BasedHeader {
  /** The working directory, seen from the folder of the results: relative names of pictures begin there. */
  readonly base?: string;
}

/** The folder where relative names of pictures begin. Results of older versions do not say; take this one. */
export const nameFolderOf = (out: string, { base }: BasedHeader): string =>
  base === undefined ? process.cwd() : resolve(out, base);

export interface LogRequest<Header, Record> {
  readonly folder: string;
  readonly kind: RecordKind<Header, Record>;
  readonly header: Header;
  readonly mode: LogMode;
  readonly lock: WriterLock;
  /** Gets the records that are there already, in their order, and where their relative names begin. */
  readonly onRecord: (record: Record, nameFolder: string) => void;
}

interface LogFile {
  readonly file: FileHandle;
  readonly path: string;
  readonly command: string;
}

export class RecordLog<Record extends object> {
  #lines = 0;

  private constructor(
    private readonly to: LogFile,
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
  static async open<Header extends BasedHeader, Record extends object>(
    request: LogRequest<Header, Record>,
  ): Promise<RecordLog<Record>> {
    const { folder, kind, header, mode, lock, onRecord } = request;
    const path = join(folder, RESULTS);
    if (mode === "fresh") await removing(path, kind.command);
    const base = relative(resolve(folder), process.cwd());
    let nameFolder = nameFolderOf(folder, { base });
    const onHeader = (found: Header): void => {
      checkContinuation(path, found, request);
      nameFolder = nameFolderOf(folder, found);
    };
    const before = await readRecords(path, kind, (record: Record) => onRecord(record, nameFolder), onHeader);
    const file = await writing(path, open(nativePath(path), "a"), kind.command);
    const log = new RecordLog<Record>({ file, path, command: kind.command }, lock, nameFolder, before?.wholeBytes ?? 0);
    try {
      // What a killed process left of a line.
      await writing(path, file.truncate(log.bytes), kind.command);
      if (!before) await log.#write({ ...header, base });
    } catch (error) {
      await log.abandon();
      throw error;
    }
    return log;
  }

  get path(): string {
    return this.to.path;
  }

  /** @throws bad-option when it cannot be written, or another run has taken the folder over */
  async append(record: Record): Promise<void> {
    this.lock.check();
    await this.#write(record);
  }

  async #write(value: object): Promise<void> {
    const line = `${JSON.stringify(value)}\n`;
    try {
      await writing(this.to.path, this.to.file.appendFile(line), this.to.command);
    } catch (error) {
      // A full disk takes a part of the line. A resume would cut it off as well.
      await truncate(nativePath(this.to.path), this.bytes).catch(() => undefined);
      throw error;
    }
    this.bytes += Buffer.byteLength(line);
    this.#lines++;
    if (this.#lines % FLUSH_EVERY === 0) await writing(this.to.path, this.to.file.datasync(), this.to.command);
  }

  /** Closes the file after an error, which is the one to report. */
  async abandon(): Promise<void> {
    await this.to.file.close();
  }

  async close(): Promise<void> {
    try {
      await writing(this.to.path, this.to.file.datasync(), this.to.command);
    } finally {
      await this.abandon();
    }
  }
}

/** @throws UsageError when results are there and may not be continued */
function checkContinuation<Header, Record>(
  path: string,
  before: Header,
  { kind, header, mode }: LogRequest<Header, Record>,
): void {
  const { command } = kind;
  if (mode === "new")
    throw new UsageError(
      `${command}: ${path} has results already; --resume continues them, --fresh replaces them, --out writes elsewhere`,
    );
  const different = differenceOf(kind, before, header);
  if (different !== undefined)
    throw new UsageError(
      `${command}: ${path} was made with other ${different}; resume with the same options, or give --fresh`,
    );
}
