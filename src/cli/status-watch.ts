/** Reads the records of `fcn segment` as they grow: each look reads only what is new. */
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { nativePath } from "../base/native-path.js";
import { LineReader, RESULTS } from "./read-records.js";
import { PICTURES } from "./segment-folders.js";
import type { FoundRecord } from "./segment-folders.js";
import { SEGMENT_RECORDS, isDone, isFailed } from "./segment-record.js";
import type { SegmentHeader, SegmentRecord } from "./segment-record.js";
import { recordsIn } from "./segment-survey.js";
import { shardSize } from "./shards.js";
import { hasWriter } from "./writer-lock.js";

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

/** A record as far as it was read. */
class GrowingRecord {
  #header: SegmentHeader | undefined;
  #reader: LineReader;
  #bytes = 0;
  readonly #isDone = new Map<string, boolean>();
  /** When the last pictures of the last run ended, and when it began. */
  #times: number[] = [];

  constructor(readonly found: FoundRecord) {
    this.#reader = this.#newReader();
  }

  get #path(): string {
    return join(this.found.folder, RESULTS);
  }

  get header(): SegmentHeader | undefined {
    return this.#header;
  }

  #newReader(): LineReader {
    return new LineReader(this.#path, SEGMENT_RECORDS.command, (line, where) => {
      if (this.#header) this.#take(SEGMENT_RECORDS.parseRecord(line, where, this.#header));
      else this.#header = SEGMENT_RECORDS.parseHeader(line, where);
    });
  }

  #take(record: SegmentRecord): void {
    if (!isDone(record) && !isFailed(record)) {
      this.#times = [record.started];
      return;
    }
    this.#isDone.set(record.picture, isDone(record));
    this.#times.push(record.at);
    if (this.#times.length > RECENT + 1) this.#times.shift();
  }

  /** Reads what was appended. A file that is shorter than before was begun anew. */
  async read(): Promise<void> {
    const { size } = await stat(nativePath(this.#path));
    if (size < this.#bytes) {
      this.#header = undefined;
      this.#reader = this.#newReader();
      this.#isDone.clear();
      [this.#times, this.#bytes] = [[], 0];
    }
    if (size === this.#bytes) return;
    const stream = createReadStream(nativePath(this.#path), { start: this.#bytes, end: size - 1 });
    for await (const chunk of stream) this.#reader.take(chunk as Buffer);
    this.#bytes = size;
  }

  get #rate(): number | undefined {
    const [first, last] = [this.#times[0], this.#times.at(-1)];
    if (first === undefined || last === undefined || last <= first) return undefined;
    return ((this.#times.length - 1) * 1000) / (last - first);
  }

  async #total(): Promise<number> {
    const { shard, folder } = this.found;
    if (shard && this.#header?.pictures !== undefined) return shardSize(this.#header.pictures, shard);
    const list = await readFile(nativePath(join(folder, PICTURES))).catch(() => Buffer.alloc(0));
    return list.reduce((count, byte) => (byte === "\n".charCodeAt(0) ? count + 1 : count), 0);
  }

  async progress(): Promise<Progress> {
    const { shard, out, folder } = this.found;
    const done = [...this.#isDone.values()].filter(Boolean).length;
    const failed = this.#isDone.size - done;
    const missing = Math.max(0, (await this.#total()) - this.#isDone.size);
    const isRunning = await hasWriter(folder);
    const rate = isRunning ? this.#rate : undefined;
    const ended = missing ? "stopped" : "done";
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
  const ended = missing ? "stopped" : "done";
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
  return [{ name: `${absent.length} other shards`, done: 0, failed: 0, missing, state: "not begun" }];
}

export class Watch {
  readonly #records = new Map<string, GrowingRecord>();

  constructor(private readonly folders: readonly string[]) {}

  /** @throws UsageError for a folder without records, bad-option for a line that no run writes */
  async look(): Promise<{ readonly shards: readonly Progress[]; readonly all: Progress }> {
    for (const found of await recordsIn("status", this.folders)) {
      const known = this.#records.get(found.folder) ?? new GrowingRecord(found);
      this.#records.set(found.folder, known);
      await known.read();
    }
    const records = [...this.#records.values()];
    const shards: Progress[] = [];
    for (const record of records) shards.push(await record.progress());
    shards.push(...notBegun(records));
    return { shards, all: sumOf(shards) };
  }
}
