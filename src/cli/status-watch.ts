/** Reads the records of `fcn segment` as they grow: each look reads only what is new. */
import type { BigIntStats } from "node:fs";
import { open, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { counted } from "../base/counted.js";
import { nativePath } from "../base/native-path.js";
import type { LineReader } from "./line-reader.js";
import { readList } from "./picture-list.js";
import { RESULTS, recordReader } from "./read-records.js";
import { nameFolderOf } from "./record-log.js";
import { PICTURES, recordsBelow } from "./segment-folders.js";
import type { FoundRecord } from "./segment-folders.js";
import { SEGMENT_RECORDS, isDone, isFailed } from "./segment-record.js";
import type { SegmentHeader, SegmentRecord } from "./segment-record.js";
import { recordsIn } from "./segment-survey.js";
import { shardSize } from "./shards.js";
import { hasWriter, isGone } from "./writer-lock.js";

/** Pictures whose times give the rate. */
const RECENT = 100;

export interface Progress {
  readonly name: string;
  readonly done: number;
  readonly failed: number;
  readonly missing: number;
  /** Pictures a second of the last hundred; of all shards the sum over those that run. Absent when unknown. */
  readonly rate?: number;
  /** Absent when no run works on what is missing. */
  readonly secondsLeft?: number;
  readonly state: "runs" | "done" | "stopped" | "not begun";
}

/** A file is another one where this differs, also where the system gives the number of one that was removed. */
const identityOf = ({ ino, birthtimeNs }: BigIntStats): string => `${ino} ${birthtimeNs}`;

/** Undefined for what is not there. @throws any other error */
function unlessGone(error: unknown): undefined {
  if (!isGone(error)) throw error;
}

/** The list of a run's pictures. A run writes it again, and others read it once. */
class GrowingList {
  #identity = "";
  #pictures: readonly string[] = [];

  constructor(private readonly path: string) {}

  /** Whole paths of the pictures; undefined while there is no list. `nameFolder`: where relative names begin. */
  async read(nameFolder: string): Promise<readonly string[] | undefined> {
    const info = await stat(nativePath(this.path), { bigint: true }).catch(unlessGone);
    if (!info) return undefined;
    const identity = [identityOf(info), info.size, info.mtimeNs, nameFolder].join(" ");
    if (identity !== this.#identity) {
      const pictures = info.size ? await readList("status", this.path) : [];
      this.#pictures = pictures.map((picture) => resolve(nameFolder, picture.path));
      this.#identity = identity;
    }
    return this.#pictures;
  }
}

interface Counts {
  readonly done: number;
  readonly failed: number;
  /** Undefined when unknown. */
  readonly total: number | undefined;
}

/** A record as far as it was read. */
class GrowingRecord {
  #header: SegmentHeader | undefined;
  #reader: LineReader;
  /** Of the file that was read. */
  #identity: string | undefined;
  readonly #list: GrowingList;
  /** What the record says last of each picture, by whole path. */
  readonly #isDone = new Map<string, boolean>();
  /** When the last pictures of the last run ended, and when it began. */
  #times: number[] = [];

  constructor(readonly found: FoundRecord) {
    this.#reader = this.#newReader();
    this.#list = new GrowingList(join(found.folder, PICTURES));
  }

  get #path(): string {
    return join(this.found.folder, RESULTS);
  }

  get header(): SegmentHeader | undefined {
    return this.#header;
  }

  #newReader(): LineReader {
    return recordReader(this.#path, SEGMENT_RECORDS.command, (line, where) => {
      if (this.#header) this.#take(SEGMENT_RECORDS.parseRecord(line, where, this.#header), this.#header);
      else this.#header = SEGMENT_RECORDS.parseHeader(line, where);
    });
  }

  #take(record: SegmentRecord, header: SegmentHeader): void {
    if (!isDone(record) && !isFailed(record)) {
      this.#times = [record.started];
      return;
    }
    this.#isDone.set(resolve(nameFolderOf(this.found.folder, header), record.picture), isDone(record));
    this.#times.push(record.at);
    if (this.#times.length > RECENT + 1) this.#times.shift();
  }

  #begin(identity: string): void {
    this.#identity = identity;
    this.#header = undefined;
    this.#reader = this.#newReader();
    this.#isDone.clear();
    this.#times = [];
  }

  /** Reads the whole lines that were appended. A part of one may be cut away by the next run. */
  async read(): Promise<void> {
    const file = await open(nativePath(this.#path)).catch(unlessGone);
    if (!file) return; // --fresh is about to make another one
    try {
      const info = await file.stat({ bigint: true });
      const [identity, size] = [identityOf(info), Number(info.size)];
      if (identity !== this.#identity || size < this.#reader.wholeBytes) this.#begin(identity);
      const start = this.#reader.wholeBytes;
      if (size === start) return;
      const stream = file.createReadStream({ start, end: size - 1, autoClose: false });
      for await (const chunk of stream) this.#reader.take(chunk as Buffer);
      this.#reader.dropPart();
    } finally {
      await file.close();
    }
  }

  get #rate(): number | undefined {
    const [first, last] = [this.#times[0], this.#times.at(-1)];
    if (first === undefined || last === undefined || last <= first) return undefined;
    return ((this.#times.length - 1) * 1000) / (last - first);
  }

  /** Of the pictures of the run, which its list names; without a list of those that the record names. */
  async #counts(): Promise<Counts> {
    const { folder, shard } = this.found;
    const header = this.#header;
    const pictures = await this.#list.read(nameFolderOf(folder, header ?? {}));
    let [done, failed] = [0, 0];
    for (const picture of pictures ?? this.#isDone.keys()) {
      const isRight = this.#isDone.get(picture);
      if (isRight) done++;
      else if (isRight === false) failed++;
    }
    const ofShard = shard && header?.pictures !== undefined ? shardSize(header.pictures, shard) : undefined;
    return { done, failed, total: ofShard ?? pictures?.length };
  }

  async progress(): Promise<Progress> {
    const { shard, out, folder } = this.found;
    const { done, failed, total } = await this.#counts();
    const missing = Math.max(0, (total ?? 0) - done - failed);
    const isRunning = (await hasWriter(folder).catch(unlessGone)) ?? false;
    const rate = isRunning ? this.#rate : undefined;
    const ended = missing || total === undefined ? "stopped" : "done";
    return {
      name: shard ? `${out} ${shard.part}/${shard.parts}` : out,
      ...{ done, failed, missing },
      ...(rate === undefined ? {} : { rate, secondsLeft: missing / rate }),
      state: isRunning ? "runs" : ended,
    };
  }
}

/** The sum. Time is that of all pictures left at the rate of all runs. */
function sumOf(shards: readonly Progress[]): Progress {
  const total = (of: (progress: Progress) => number): number => shards.reduce((sum, shard) => sum + of(shard), 0);
  const rate = total((shard) => shard.rate ?? 0);
  const missing = total((shard) => shard.missing);
  const isRunning = shards.some(({ state }) => state === "runs");
  const ended = missing || shards.some(({ state }) => state === "stopped") ? "stopped" : "done";
  return {
    name: "all",
    done: total(({ done }) => done),
    failed: total(({ failed }) => failed),
    missing,
    ...(rate > 0 ? { rate, secondsLeft: missing / rate } : {}),
    state: isRunning ? "runs" : ended,
  };
}

/** Shards of which there is no record yet, in one line. */
function notBegun(records: readonly GrowingRecord[]): Progress[] {
  const [first] = records;
  const parts = first?.found.shard?.parts;
  const total = first?.header?.pictures;
  if (!first || parts === undefined || total === undefined) return [];
  const known = new Set(records.map(({ found }) => found.shard?.part));
  const absent = Array.from({ length: parts }, (_, i) => i + 1).filter((part) => !known.has(part));
  if (!absent.length) return [];
  const missing = absent.reduce((sum, part) => sum + shardSize(total, { part, parts }), 0);
  return [{ name: counted(absent.length, "other shard"), done: 0, failed: 0, missing, state: "not begun" }];
}

export interface Overview {
  readonly shards: readonly Progress[];
  readonly all: Progress;
  /** Folders that have no record yet. */
  readonly empty: readonly string[];
}

/** Whether no picture is missing and no run works. */
export const isAtEnd = ({ all, empty }: Overview): boolean =>
  !empty.length && all.missing === 0 && all.state === "done";

export class Watch {
  readonly #records = new Map<string, GrowingRecord>();

  constructor(private readonly folders: readonly string[]) {}

  /**
   * Looks at all records that are there now.
   * @param waits whether a folder without records may get them yet
   * @throws UsageError for a folder without records, bad-option for a line that no run writes
   */
  async look(waits = false): Promise<Overview> {
    const empty: string[] = [];
    for (const folder of this.folders) {
      const found = waits ? await recordsBelow(folder) : await recordsIn("status", [folder]);
      for (const one of found)
        if (!this.#records.has(one.folder)) this.#records.set(one.folder, new GrowingRecord(one));
      if (![...this.#records.values()].some((record) => record.found.out === folder)) empty.push(folder);
    }
    const records = [...this.#records.values()];
    const shards: Progress[] = [];
    for (const record of records) {
      await record.read();
      shards.push(await record.progress());
    }
    shards.push(...notBegun(records));
    return { shards, all: sumOf(shards), empty };
  }
}
