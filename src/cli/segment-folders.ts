/** Where the records of `fcn segment` lie below --out, and whether they go together. */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { nativePath } from "../base/native-path.js";
import { UsageError } from "./command.js";
import { RESULTS, differenceOf, readHeader } from "./read-records.js";
import { SEGMENT_RECORDS } from "./segment-record.js";
import type { SegmentHeader } from "./segment-record.js";
import type { Shard } from "./shards.js";

/** The list of a run's pictures, beside its results. */
export const PICTURES = "results.pictures.txt";
/** The folder below --out with one folder for each shard. */
const SHARDS = "shards";
const SHARD_FOLDER = /^([1-9]\d{0,6})-of-([1-9]\d{0,6})$/;

/** The folder of a run's record: that of --out or, of a shard, one below it, since shards may share an --out. */
export const recordFolder = (out: string, shard: Shard | undefined): string =>
  shard ? join(out, SHARDS, `${shard.part}-of-${shard.parts}`) : out;

/** A record that was found. */
export interface FoundRecord {
  /** The folder of --out, where the results' files are. */
  readonly out: string;
  /** The folder of the record. */
  readonly folder: string;
  /** Undefined for a run of all pictures. */
  readonly shard: Shard | undefined;
}

const hasRecord = (folder: string): boolean => existsSync(nativePath(join(folder, RESULTS)));

async function shardsIn(out: string): Promise<Shard[]> {
  const names = await readdir(nativePath(join(out, SHARDS))).catch(() => []);
  const shards = names.flatMap((name): Shard[] => {
    const [, part, parts] = SHARD_FOLDER.exec(String(name))?.map(Number) ?? [];
    return part === undefined || parts === undefined || part > parts ? [] : [{ part, parts }];
  });
  return shards.sort((a, b) => a.parts - b.parts || a.part - b.part);
}

/** The records below a folder of --out: its own, then those of its shards in their order. */
export async function recordsBelow(out: string): Promise<FoundRecord[]> {
  const all = [undefined, ...(await shardsIn(out))].map((shard) => ({ out, shard, folder: recordFolder(out, shard) }));
  return all.filter(({ folder }) => hasRecord(folder));
}

/**
 * Refuses to write into a folder of other results: of a run without shards, of another number of shards, or of shards
 * that were made with other options. One of the other shards stands for all of them.
 * @throws UsageError
 */
export async function refuseStrangers(out: string, shard: Shard | undefined, header: SegmentHeader): Promise<void> {
  const others = (await recordsBelow(out)).filter(({ folder }) => folder !== recordFolder(out, shard));
  const stranger = others.find((other) => other.shard?.parts !== shard?.parts);
  const cure = "give another --out, or remove the record of that run";
  if (stranger) {
    const [theirs, ours] = [stranger.shard, shard].map((own) => (own ? `${own.parts} shards` : "a run without shards"));
    throw new UsageError(`segment: ${stranger.folder} has results of ${theirs}, and this is one of ${ours}; ${cure}`);
  }
  const [first] = others;
  if (!first) return;
  const path = join(first.folder, RESULTS);
  const theirs = await readHeader(path, SEGMENT_RECORDS);
  const different = theirs && differenceOf(SEGMENT_RECORDS, theirs, header);
  if (different !== undefined)
    throw new UsageError(`segment: ${path} was made with other ${different}, so these would not go together; ${cure}`);
}
