/** What the records of one or more runs of `fcn segment` hold together: done, failed, missing, doubled, lost. */
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { FcnError } from "../base/errors.js";
import { nativePath } from "../base/native-path.js";
import { UsageError } from "./command.js";
import { readList } from "./picture-list.js";
import { RESULTS, readAlike } from "./read-records.js";
import { nameFolderOf } from "./record-log.js";
import { PICTURES, recordsBelow } from "./segment-folders.js";
import type { FoundRecord } from "./segment-folders.js";
import { SEGMENT_RECORDS, isDone, isFailed } from "./segment-record.js";
import type { DoneRecord, FailedRecord, SegmentHeader } from "./segment-record.js";
import { shardSize } from "./shards.js";

const COMMAND = "segment";

/** A picture's result, and the --out folder where its files are. */
export interface PlacedResult {
  readonly record: DoneRecord;
  readonly out: string;
}

/** A picture that is not right, and why, in words. */
export interface Fault {
  readonly picture: string;
  readonly why: string;
}

export interface Survey {
  readonly header: SegmentHeader;
  /** Shards that there are; 1 for a run of all pictures. */
  readonly shards: number;
  /** Pictures of all shards. */
  readonly pictures: number;
  /** In the order of the list. */
  readonly done: readonly PlacedResult[];
  readonly failed: readonly Fault[];
  /** Pictures without any line, of shards that have begun. */
  readonly missing: readonly string[];
  /** Shards without a record, as "3/7", and the pictures they have. */
  readonly absent: readonly { readonly shard: string; readonly pictures: number }[];
  readonly doubled: readonly Fault[];
  /** Pictures that are done, and whose files are gone or of another size. */
  readonly lost: readonly Fault[];
}

/** What a record says last of each picture, by whole path. */
interface OneRecord extends FoundRecord {
  readonly header: SegmentHeader;
  readonly last: Map<string, DoneRecord | FailedRecord>;
}

/** The records below these folders. @throws UsageError for a folder without any */
export async function recordsIn(command: string, folders: readonly string[]): Promise<FoundRecord[]> {
  const found: FoundRecord[] = [];
  for (const out of folders) {
    const own = await recordsBelow(out);
    if (!own.length)
      throw new UsageError(
        `${command}: there are no results in ${out}; name --out folders of fcn segment with --resume or --shard`,
      );
    found.push(...own);
  }
  return found;
}

/** @throws bad-option when they were made with different options */
async function readAll(found: readonly FoundRecord[]): Promise<OneRecord[]> {
  const records: OneRecord[] = [];
  await readAlike(
    found.map(({ folder }) => join(folder, RESULTS)),
    SEGMENT_RECORDS,
    (record) => {
      const own = records.at(-1);
      if (own && (isDone(record) || isFailed(record)))
        own.last.set(resolve(nameFolderOf(own.folder, own.header), record.picture), record);
    },
    (header) => records.push({ ...(found[records.length] as FoundRecord), header, last: new Map() }),
  );
  return records;
}

/** @throws bad-option for shards of different numbers, shards beside a run of all pictures, or two such runs */
function partsOf(records: readonly OneRecord[]): number {
  const [first, ...others] = records;
  const parts = (record: OneRecord | undefined): number => record?.shard?.parts ?? 1;
  const other = others.find((record) => parts(record) !== parts(first));
  if (first && other)
    throw new FcnError(
      "bad-option",
      `${other.folder} is one of ${parts(other)} shards and ${first.folder} one of ${parts(first)}; ` +
        "these cannot be put together",
    );
  const [whole, second] = records.filter(({ shard }) => !shard);
  if (whole && second)
    throw new FcnError(
      "bad-option",
      `segment: ${whole.folder} and ${second.folder} are runs without shards; names of results are unique within one ` +
        "run only; merge them one by one",
    );
  return parts(first);
}

/** The pictures of a record, as it names them. */
async function listOf({ folder }: FoundRecord): Promise<string[]> {
  const path = join(folder, PICTURES);
  if (!existsSync(nativePath(path)))
    throw new FcnError(
      "bad-option",
      `${path} is gone, which names the shard's pictures; fcn segment --resume makes it`,
    );
  const info = await stat(nativePath(path));
  return info.size ? (await readList(COMMAND, path)).map((picture) => picture.path) : [];
}

/** Why the files of a result are not as its record says; undefined where they are. */
async function lossOf({ record, out }: PlacedResult): Promise<string | undefined> {
  for (const { file, bytes } of record.files) {
    const path = join(out, file);
    const info = await stat(nativePath(path)).catch(() => undefined);
    if (!info) return `its result ${path} is gone`;
    if (info.size !== bytes) return `its result ${path} has ${info.size} bytes, its record says ${bytes}`;
  }
  return undefined;
}

interface Findings {
  readonly done: Map<number, PlacedResult>;
  readonly failed: Fault[];
  readonly missing: string[];
  readonly doubled: Fault[];
  readonly lost: Fault[];
}

/** Adds one record. `places` says where pictures were found before. */
async function survey(record: OneRecord, parts: number, found: Findings, places: Map<string, string>): Promise<number> {
  const { folder, out, header, last, shard } = record;
  const nameFolder = nameFolderOf(folder, header);
  const pictures = await listOf(record);
  for (const [i, picture] of pictures.entries()) {
    const key = resolve(nameFolder, picture);
    const result = last.get(key);
    if (!result) found.missing.push(picture);
    else if (isFailed(result)) found.failed.push({ picture, why: result.error.message });
    else {
      const before = places.get(key);
      if (before !== undefined) found.doubled.push({ picture, why: `it has results in ${before} and in ${folder}` });
      places.set(key, folder);
      const placed = { record: result, out };
      const loss = await lossOf(placed);
      if (loss === undefined) found.done.set(i * parts + (shard?.part ?? 1) - 1, placed);
      else found.lost.push({ picture, why: loss });
    }
  }
  return pictures.length;
}

/**
 * Reads the records below these folders and looks at every result's files.
 * @throws UsageError for a folder without records, bad-option when they do not go together
 */
export async function surveyOf(folders: readonly string[]): Promise<Survey> {
  const records = await readAll(await recordsIn(COMMAND, folders));
  const [first] = records;
  if (!first) throw new UsageError("segment: --merge takes --out folders");
  const parts = partsOf(records);
  const found: Findings = { done: new Map(), failed: [], missing: [], doubled: [], lost: [] };
  const places = new Map<string, string>();
  let counted = 0;
  for (const record of records) counted += await survey(record, parts, found, places);
  const pictures = first.header.pictures ?? counted;
  const known = new Set(records.map(({ shard }) => shard?.part ?? 1));
  return {
    ...found,
    header: first.header,
    shards: parts,
    pictures,
    done: [...found.done].sort(([a], [b]) => a - b).map(([, result]) => result),
    absent: absentShards(known, parts, pictures),
  };
}

/** Shards without a record. */
function absentShards(known: ReadonlySet<number>, parts: number, total: number): Survey["absent"] {
  const all = Array.from({ length: parts }, (_, i) => i + 1);
  const absent = all.filter((part) => !known.has(part));
  return absent.map((part) => ({ shard: `${part}/${parts}`, pictures: shardSize(total, { part, parts }) }));
}
