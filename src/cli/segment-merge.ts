/** `fcn segment --merge`: checks that all pictures of all shards are there once, and puts their results together. */
import { randomUUID } from "node:crypto";
import { copyFile, link, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { counted } from "../base/counted.js";
import { makeFolder } from "../base/make-folder.js";
import { nativePath } from "../base/native-path.js";
import { cannotWrite, writeWhole } from "../base/write-whole.js";
import { UsageError, refuse } from "./command.js";
import { outputFolder } from "./files.js";
import { oneLine, print, printError } from "./output.js";
import { PICTURES } from "./segment-folders.js";
import { SEGMENT_OPTIONS } from "./segment-options.js";
import type { SegmentValues } from "./segment-options.js";
import { sharedFields } from "./segment-record.js";
import { surveyOf } from "./segment-survey.js";
import type { PlacedResult, Survey } from "./segment-survey.js";

/** All results in one file, in the order of the list: the same bytes for any number of shards. */
const MERGED = "merged.jsonl";
const MERGED_FORMAT = "fcn-segment-merged 1";

const NOT_WITH_MERGE = Object.keys(SEGMENT_OPTIONS).filter((name) => !["merge", "out", "json", "quiet"].includes(name));

/** Without times, which no two runs share. */
function* mergedLines({ header, done }: Survey): Generator<string> {
  yield JSON.stringify({ format: MERGED_FORMAT, ...sharedFields(header), pictures: done.length });
  for (const { record } of done) {
    const { picture, width, height, classes, files } = record;
    yield JSON.stringify({ picture, width, height, classes, files });
  }
}

async function* mergedBytes(survey: Survey): AsyncGenerator<Uint8Array> {
  for (const line of mergedLines(survey)) yield Buffer.from(`${line}\n`);
}

/** A second name for the file where the disk allows it, else a copy. The target is whole or not there. */
async function place(source: string, target: string): Promise<void> {
  const aside = join(dirname(target), `.${randomUUID()}`);
  try {
    await makeFolder(dirname(target));
    await link(nativePath(source), nativePath(aside)).catch(() => copyFile(nativePath(source), nativePath(aside)));
    await rename(nativePath(aside), nativePath(target));
  } catch (error) {
    throw cannotWrite(target, error);
  } finally {
    await rm(nativePath(aside), { force: true }); // two names of one file: rename leaves both
  }
}

/** Brings the files of results that are elsewhere into `out`. */
async function gather(done: readonly PlacedResult[], out: string): Promise<void> {
  for (const { record, out: from } of done) {
    if (resolve(from) === resolve(out)) continue;
    for (const { file } of record.files) await place(join(from, file), join(out, file));
  }
}

/** One line for each picture that is not right. */
function faultsOf({ failed, missing, doubled, lost, absent }: Survey): string[] {
  return [
    ...absent.map(({ shard, pictures }) => `absent   shard ${shard}, which has ${counted(pictures, "picture")}`),
    ...missing.map((picture) => `missing  ${picture}`),
    ...failed.map(({ picture, why }) => `failed   ${picture}: ${why}`),
    ...lost.map(({ picture, why }) => `lost     ${picture}: ${why}`),
    ...doubled.map(({ picture, why }) => `doubled  ${picture}: ${why}`),
  ];
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** Pictures that a header counts and no list names, as when a list was cut off; below 0 for a list of too many. */
const unnamedIn = ({ pictures, done, failed, missing, lost, absent }: Survey): number =>
  pictures - done.length - failed.length - missing.length - lost.length - sum(absent.map((shard) => shard.pictures));

/** "12 missing, 1 failed"; empty when all is there. */
function countsOf(survey: Survey): string {
  const { failed, missing, doubled, lost, absent } = survey;
  const unnamed = unnamedIn(survey);
  const counts = [
    [missing.length + sum(absent.map(({ pictures }) => pictures)), "missing"],
    [failed.length, "failed"],
    [lost.length, "lost"],
    [doubled.length, "doubled"],
    [Math.max(0, unnamed), `not named by ${PICTURES}`],
    [Math.max(0, -unnamed), `more named by ${PICTURES} than the record counts`],
  ] as const;
  return counts.flatMap(([count, word]) => (count ? [`${count} ${word}`] : [])).join(", ");
}

/** The object of --json. */
const mergedJson = (survey: Survey, file: string | null): Record<string, unknown> => {
  const { shards, pictures, done, failed, missing, absent, doubled, lost } = survey;
  return { whole: file !== null, shards, pictures, done: done.length, failed, missing, absent, doubled, lost, file };
};

/** Refuses to call a part the whole. @throws UsageError, bad-option when the results do not go together */
export async function mergeSegments(
  { out, json }: SegmentValues,
  folders: readonly string[],
  given: ReadonlySet<string>,
): Promise<number> {
  refuse("segment", given, NOT_WITH_MERGE, "is of no use with --merge, which puts results together that are there");
  if (!folders.length) throw new UsageError("segment: --merge takes the --out folders of the shards");
  const twice = folders.find((folder, i) => folders.findIndex((other) => resolve(other) === resolve(folder)) < i);
  if (twice !== undefined) throw new UsageError(`segment: --merge names the folder ${twice} twice; name it once`);
  const [only = ""] = folders;
  const target = given.has("out") || folders.length > 1 ? out : only;
  const survey = await surveyOf(folders);
  const faults = faultsOf(survey);
  const { shards, pictures, done } = survey;
  const of = `${counted(pictures, "picture")} of ${shards === 1 ? "1 run" : `${shards} shards`}`;
  if (faults.length || done.length !== pictures) {
    if (json) print(JSON.stringify(mergedJson(survey, null)));
    else for (const fault of faults) print(oneLine(fault));
    printError(`fcn: segment: not whole: of ${of} ${done.length} are done, ${countsOf(survey)}; nothing was merged`);
    return 1;
  }
  await outputFolder("segment", target);
  await gather(done, target);
  const file = join(target, MERGED);
  await writeWhole(file, mergedBytes(survey), { flush: true });
  print(json ? JSON.stringify(mergedJson(survey, file)) : `whole: ${of}\n  -> ${file}`);
  return 0;
}
