/** The record of a `fcn segment`: which pictures are done, which failed, and what is left to do. */
import { rmdir, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { makeFolder } from "../base/make-folder.js";
import { nativePath } from "../base/native-path.js";
import { writeWhole } from "../base/write-whole.js";
import { TRY_AGAIN } from "./exit-codes.js";
import { fileName } from "./file-name.js";
import { removing, writing } from "./output-disk.js";
import { listLine } from "./picture-list.js";
import { RecordLog } from "./record-log.js";
import type { LogMode } from "./record-log.js";
import { PICTURES, refuseStrangers, recordFolder } from "./segment-folders.js";
import { MOST_ATTEMPTS, SEGMENT_RECORDS, isDone, isFailed } from "./segment-record.js";
import type { DoneRecord, FailedRecord, ResultFile, SegmentHeader, SegmentRecord } from "./segment-record.js";
import type { SegmentInput } from "./segment-run.js";
import type { Shard } from "./shards.js";
import { WriterLock } from "./writer-lock.js";

/** Files are written here and then moved to their places, so that what a killed run left is found. */
const UNFINISHED = ".unfinished";
/** Pictures whose files are looked at together. */
const AT_ONCE = 32;

/** What is known of a picture. */
interface Known {
  readonly done?: {
    /** Of its file: bytes, and the time of its last change. */
    readonly bytes: number;
    readonly mtime: number;
    readonly files: readonly Pick<ResultFile, "file" | "bytes">[];
  };
  /** Since it was done last. */
  readonly failures: number;
  /** Whether the last failure may pass by itself. */
  readonly passes: boolean;
}

const UNKNOWN: Known = { failures: 0, passes: false };

export interface SegmentLogRequest {
  /** The folder of --out. */
  readonly out: string;
  readonly shard: Shard | undefined;
  readonly header: SegmentHeader;
  readonly mode: LogMode;
  readonly adapter: string;
  /** The pictures of this run, in their order. */
  readonly inputs: readonly SegmentInput[];
  /** Endings of the files that each picture gets. */
  readonly endings: readonly string[];
}

/** Pictures that are left to do. */
export interface Remaining {
  readonly inputs: readonly SegmentInput[];
  /** Pictures that are done already. */
  readonly done: number;
  /** Of `inputs`: done before, but their file or their results have changed since. */
  readonly changed: number;
}

type Timed<T> = Omit<T, "picture" | "at">;

export class SegmentLog {
  private constructor(
    private readonly request: SegmentLogRequest,
    private readonly log: RecordLog<SegmentRecord>,
    private readonly lock: WriterLock,
    /** By whole path. */
    private readonly known: Map<string, Known>,
    /** Where unfinished files are. */
    readonly aside: string,
  ) {}

  /** @throws UsageError as RecordLog.open(), and where --out holds other shards or shards of other options */
  static async open(request: SegmentLogRequest): Promise<SegmentLog> {
    const { out, shard, header, mode, adapter } = request;
    await refuseStrangers(out, shard, header);
    const folder = recordFolder(out, shard);
    await writing(folder, makeFolder(folder), "segment");
    const lock = await WriterLock.take(folder, "segment", { isPatient: true });
    let log: RecordLog<SegmentRecord> | undefined;
    try {
      const aside = join(folder, UNFINISHED);
      // The folder is this run's own: what is in it a killed run left, whatever its name.
      await removing(aside, "segment", { recursive: true });
      await writing(aside, makeFolder(aside), "segment");
      const known = new Map<string, Known>();
      const onRecord = (record: SegmentRecord, nameFolder: string): void => learn(known, record, nameFolder);
      log = await RecordLog.open({ folder, kind: SEGMENT_RECORDS, header, mode, lock, onRecord });
      const own = new SegmentLog(request, log, lock, known, aside);
      await own.#writePictures(folder);
      await log.append({ started: Date.now(), host: hostname(), adapter });
      return own;
    } catch (error) {
      try {
        await log?.abandon();
      } finally {
        await lock.release();
      }
      throw error;
    }
  }

  /** The name in records: as given, or the whole path where a run is continued from another folder. */
  #nameOf({ image }: SegmentInput): string {
    return this.log.nameFolder === process.cwd() || isAbsolute(image) ? image : resolve(image);
  }

  /** The list of this run's pictures, beside the results: what is missing has a name. */
  async #writePictures(folder: string): Promise<void> {
    const path = join(folder, PICTURES);
    const lines = this.request.inputs.map((input) => listLine({ path: this.#nameOf(input) }));
    await writing(path, writeWhole(path, Buffer.concat(lines), { aside: this.aside }), "segment");
  }

  #knownOf = ({ image }: SegmentInput): Known => this.known.get(resolve(image)) ?? UNKNOWN;

  /**
   * Pictures without a result, in their order, and then those that failed before, so that one that takes the device
   * down each time is in nobody's way. A picture that has changed since, or whose files are gone, is done again.
   */
  async remaining(): Promise<Remaining> {
    const { inputs } = this.request;
    const left: SegmentInput[] = [];
    let changed = 0;
    for (let start = 0; start < inputs.length; start += AT_ONCE) {
      const some = inputs.slice(start, start + AT_ONCE);
      const areDone = await Promise.all(some.map((input) => this.#isDone(input)));
      for (const [i, input] of some.entries()) {
        if (areDone[i]) continue;
        left.push(input);
        if (this.#knownOf(input).done) {
          changed++;
          this.known.delete(resolve(input.image));
        }
      }
    }
    const failures = (input: SegmentInput): number => this.#knownOf(input).failures;
    return { inputs: left.sort((a, b) => failures(a) - failures(b)), done: inputs.length - left.length, changed };
  }

  async #isDone(input: SegmentInput): Promise<boolean> {
    const { done } = this.#knownOf(input);
    if (!done) return false;
    const { out, endings } = this.request;
    const names = endings.map((ending) => fileName(input.name, ending));
    if (JSON.stringify(names) !== JSON.stringify(done.files.map(({ file }) => file))) return false;
    const source = await stat(nativePath(input.image)).catch(() => undefined);
    if (source?.size !== done.bytes || Math.floor(source.mtimeMs) !== done.mtime) return false;
    for (const { file, bytes } of done.files) {
      const result = await stat(nativePath(join(out, file))).catch(() => undefined);
      if (result?.size !== bytes) return false;
    }
    return true;
  }

  async addDone(input: SegmentInput, record: Timed<DoneRecord>): Promise<void> {
    await this.#add({ picture: this.#nameOf(input), ...record, at: Date.now() });
  }

  async addFailed(input: SegmentInput, record: Timed<FailedRecord>): Promise<void> {
    await this.#add({ picture: this.#nameOf(input), ...record, at: Date.now() });
  }

  async #add(record: SegmentRecord): Promise<void> {
    await this.log.append(record);
    learn(this.known, record, this.log.nameFolder);
  }

  /**
   * 0 when all pictures are done, 1 when some failed for good, 75 when another run may do more: some were not tried, or
   * failed for a cause that may pass. A picture that failed so three times has failed for good.
   */
  get exitCode(): number {
    const all = this.request.inputs.map(this.#knownOf).filter(({ done }) => !done);
    const isOpen = ({ failures, passes }: Known): boolean => failures === 0 || (passes && failures < MOST_ATTEMPTS);
    if (all.some(isOpen)) return TRY_AGAIN;
    return all.length ? 1 : 0;
  }

  async close(): Promise<void> {
    try {
      await this.log.close();
      // rmdir fails on a folder that holds something. One that is gone needs none.
      await rmdir(nativePath(this.aside)).catch(() => undefined);
    } finally {
      await this.lock.release();
    }
  }
}

function learn(known: Map<string, Known>, record: SegmentRecord, nameFolder: string): void {
  if (!isDone(record) && !isFailed(record)) return;
  const key = resolve(nameFolder, record.picture);
  if (isDone(record)) {
    const { bytes, mtime } = record;
    const files = record.files.map(({ file, bytes: size }) => ({ file, bytes: size }));
    known.set(key, { done: { bytes, mtime, files }, failures: 0, passes: false });
  } else {
    const { failures } = known.get(key) ?? UNKNOWN;
    known.set(key, { failures: failures + 1, passes: record.passes });
  }
}
