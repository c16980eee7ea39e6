/**
 * The lines of `results.jsonl` that `fcn segment` writes with --resume, --fresh or --shard: a header; a line for each
 * start; a line for each picture that is done or failed. Of several lines about a picture the last one counts.
 */
import { isAbsolute, sep } from "node:path";
import { badOption } from "../base/errors.js";
import { isAbsentOr, isAmount, isObject, isText, isWhole, hasSize, parseLine } from "../eval/record-checks.js";
import type { Fields } from "../eval/record-checks.js";
import type { RecordKind } from "./read-records.js";
import { ENDINGS } from "./segment-output.js";
import type { FoundClass } from "./segment-output.js";

const FORMAT = "fcn-segment 1";
const COMMAND = "segment";

/** The first line. Records can be put together only where no field differs but `shard` and `base`. */
export interface SegmentHeader {
  readonly format: typeof FORMAT;
  /** Of the package. */
  readonly version: string;
  /** Name of the weights. */
  readonly weights: string;
  /** SHA-256 of the weights' bytes. */
  readonly weightsHash: string;
  readonly variant: string;
  /** Options that change labels: --heads init, --at-once, --state-dict, --draft. */
  readonly network: string;
  readonly precision: string;
  /** The shorter side of a picture as the network sees it, or "none". */
  readonly resize: number | "none";
  readonly classNames: readonly string[];
  /** The labels of --classes; without it all are kept. */
  readonly keptLabels?: readonly number[];
  /** Endings of the files that each picture gets. */
  readonly endings: readonly string[];
  /** "3/7": the part that this run has; without it all. */
  readonly shard?: string;
  /** With a shard: how many pictures all shards have. */
  readonly pictures?: number;
  /** With a shard: SHA-256 of the names of all pictures, whose order says which shard has which. */
  readonly list?: string;
  /** The working directory, seen from the folder of the results: relative names of pictures begin there. */
  readonly base?: string;
}

/** A file of a result. */
export interface ResultFile {
  /** Below --out, with forward slashes. */
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** A picture that is done. */
export interface DoneRecord {
  readonly picture: string;
  /** Of its file when it was read: bytes, and milliseconds since 1970 of its last change, below 0 for earlier ones. */
  readonly bytes: number;
  readonly mtime: number;
  readonly width: number;
  readonly height: number;
  readonly classes: readonly FoundClass[];
  readonly files: readonly ResultFile[];
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface PictureFailure {
  /** A code of FcnError, or "unknown". */
  readonly code: string;
  readonly message: string;
}

/** A picture that failed. */
export interface FailedRecord {
  readonly picture: string;
  readonly error: PictureFailure;
  /** Whether the cause may pass by itself, such as a lost device. */
  readonly passes: boolean;
  readonly at: number;
}

/** A run began. */
export interface StartRecord {
  /** Milliseconds since 1970. */
  readonly started: number;
  readonly host: string;
  readonly adapter: string;
}

export type SegmentRecord = DoneRecord | FailedRecord | StartRecord;

export const isDone = (record: SegmentRecord): record is DoneRecord => "files" in record;
export const isFailed = (record: SegmentRecord): record is FailedRecord => "error" in record;

/** Failures that may pass count for good after this many. */
export const MOST_ATTEMPTS = 3;

const areTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isHash = (value: unknown): boolean => typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
const isCount = (value: unknown): value is number => isWhole(value, 0, Number.MAX_SAFE_INTEGER);
const SHARD_TEXT = /^([1-9]\d{0,6})\/([1-9]\d{0,6})$/;

/** What each field of a header must be. */
const HEADER_FIELDS: readonly (readonly [keyof SegmentHeader, (value: unknown) => boolean, string])[] = [
  ["version", isText, "a text"],
  ["weights", isText, "a text"],
  ["weightsHash", isHash, "a SHA-256"],
  ["variant", isText, "a text"],
  ["network", isText, "a text"],
  ["precision", isText, "a text"],
  ["resize", (value) => value === "none" || isCount(value), '"none" or a whole number'],
  ["classNames", areTexts, "a list of texts"],
  [
    "keptLabels",
    (value) => isAbsentOr(value, (list) => Array.isArray(list) && list.every(isCount)),
    "a list of labels",
  ],
  ["endings", areTexts, "a list of texts"],
  ["shard", (value) => isAbsentOr(value, (text) => isText(text) && SHARD_TEXT.test(text)), "of the form i/n"],
  ["pictures", (value) => isAbsentOr(value, isCount), "a whole number"],
  ["list", (value) => isAbsentOr(value, isHash), "a SHA-256"],
  ["base", (value) => isAbsentOr(value, isText), "a text"],
];

function parseHeader(line: string, where: string): SegmentHeader {
  const value = parseLine(line, where, COMMAND);
  if (value.format !== FORMAT)
    throw badOption(
      `${where}: the first line is no header of "${FORMAT}"; it is not from fcn segment, or from another version`,
    );
  for (const [name, test, needed] of HEADER_FIELDS) {
    if (!test(value[name])) throw badOption(`${where}: the header's ${name} is not ${needed}`);
  }
  return value as unknown as SegmentHeader;
}

const isFile = (value: unknown): value is { readonly file: string } =>
  isObject(value) && isText(value.file) && value.file !== "" && isCount(value.bytes) && isHash(value.sha256);

/** Whether a name, which another machine may have written, leads out of --out. A backslash is a letter on Linux. */
const leadsOut = ({ file }: { readonly file: string }): boolean =>
  isAbsolute(file) || file.split(/[\\/]/).includes("..") || (sep === "\\" && file.includes(sep));

/** No record ends so: a merge never writes over one. */
const RESULT_ENDINGS = Object.values(ENDINGS);

/** What is wrong with the fields of a picture that is done; undefined for nothing. */
function doneProblem(value: Fields): string | undefined {
  if (!isCount(value.bytes) || !Number.isSafeInteger(value.mtime)) return "its picture has no size and time";
  if (!hasSize(value)) return "its size is not in whole pixels";
  if (!Array.isArray(value.classes) || !value.classes.every(isObject)) return "its classes are no list of objects";
  if (!Array.isArray(value.files) || !value.files.every(isFile)) return "its files have no names, sizes and hashes";
  const outside = value.files.find(leadsOut);
  if (outside) return `its file ${JSON.stringify(outside.file)} is not below --out`;
  const other = value.files.find(({ file }) => !RESULT_ENDINGS.some((ending) => file.endsWith(ending)));
  return other && `its file ${JSON.stringify(other.file)} is no result`;
}

function recordProblem(value: Fields): string | undefined {
  if (Object.hasOwn(value, "started")) return isAmount(value.started) ? undefined : "its start is no time";
  if (!isText(value.picture) || value.picture === "") return "its picture has no name";
  if (!isAmount(value.at)) return "it has no time";
  if (!Object.hasOwn(value, "error")) return doneProblem(value);
  const { error } = value;
  return isObject(error) && isText(error.code) && isText(error.message)
    ? undefined
    : "its error has no code and message";
}

function parseRecord(line: string, where: string): SegmentRecord {
  const value = parseLine(line, where, COMMAND);
  const problem = recordProblem(value);
  if (problem !== undefined) throw badOption(`${where}: ${problem}; fcn segment writes no such line`);
  return value as unknown as SegmentRecord;
}

/** What must be the same for results to be put together, in a fixed order. */
export const sharedFields = (header: SegmentHeader) => {
  const { version, weights, weightsHash, variant, network, precision, resize, classNames, keptLabels, endings } =
    header;
  return { version, weights, weightsHash, variant, network, precision, resize, classNames, keptLabels, endings };
};

function differences(a: SegmentHeader, b: SegmentHeader): string[] {
  const [left, right] = [
    { ...sharedFields(a), list: a.list },
    { ...sharedFields(b), list: b.list },
  ];
  return (Object.keys(left) as (keyof typeof left)[]).filter(
    (key) => JSON.stringify(left[key]) !== JSON.stringify(right[key]),
  );
}

export const SEGMENT_RECORDS: RecordKind<SegmentHeader, SegmentRecord> = {
  command: COMMAND,
  parseHeader,
  parseRecord,
  differences,
};

/** A header of the current version. */
export const segmentHeader = (fields: Omit<SegmentHeader, "format">): SegmentHeader => ({ format: FORMAT, ...fields });
