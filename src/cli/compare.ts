/** `fcn compare`: what networks cost and gain, on the user's pictures or on PASCAL VOC. */
import { join } from "node:path";
import { defined } from "../base/defined.js";
import type { PictureRecord, RunHeader } from "../eval/records.js";
import { reportJson } from "../eval/report-json.js";
import { summarise, summarisePicture } from "../eval/summary.js";
import type { Summary } from "../eval/summary.js";
import { readClassNames } from "./class-names.js";
import { UsageError, parse, refuse } from "./command.js";
import type { Command } from "./command.js";
import { removeUnfinished } from "./output-disk.js";
import { distinctItems, remainingItems } from "./compare-items.js";
import { Keeper } from "./compare-kept.js";
import { WriterLock } from "./writer-lock.js";
import { ResultLog } from "./compare-log.js";
import { mergeLogs } from "./compare-merge.js";
import { openComparison } from "./compare-open.js";
import type { ComparisonRequest } from "./compare-open.js";
import { COMPARE_CHOICES, COMPARE_OPTIONS, COMPARE_USAGE, NOT_WITH_MERGE, runOptionsOf } from "./compare-options.js";
import type { CompareValues, RunOptions } from "./compare-options.js";
import { writeReport } from "./compare-report.js";
import { measureCosts, runComparison, sizesToMeasure } from "./compare-run.js";
import { refuseOtherShard, shardFields } from "./compare-shards.js";
import type { ShardFields } from "./compare-shards.js";
import { textReport } from "./compare-table.js";
import { listPictures, listedPictures, refuseInputsBesideList } from "./datasets.js";
import type { DatasetItem } from "./datasets.js";
import { checkWeights, outputFolder } from "./files.js";
import { pathKey } from "./find-pictures.js";
import { checkLabels, labelOf, needLabels } from "./label-files.js";
import { labelMeaningOf } from "./label-options.js";
import { warnOfLabels } from "./label-warnings.js";
import { oneLine, print, printError } from "./output.js";
import { parseShard, shardOf } from "./shards.js";
import { tryAgainOnTerm, watchInterrupts } from "./signals.js";
import { listVoc } from "./voc.js";

const STOPPING =
  "\nfcn compare: stopping after this picture; finished pictures are kept and --resume continues " +
  "(Ctrl-C again: stop at once)";

const ENDED_EARLY = "fcn compare: ended by SIGTERM with no picture in hand; another run goes on with --resume";

/** The pictures of --list with their label maps. */
async function listedItems(list: string, labels: string | undefined): Promise<DatasetItem[]> {
  const pictures = await listedPictures("compare", list);
  return pictures.map((listed) => {
    const { path } = listed;
    return { key: pathKey(path), picture: path, listed, ...defined({ label: labelOf(path, labels) }) };
  });
}

/** The pictures of this run. */
interface OwnItems {
  readonly items: readonly DatasetItem[];
  /** Which part of all pictures they are. */
  readonly shard: ShardFields;
}

async function itemsOf(values: CompareValues, inputs: readonly string[]): Promise<OwnItems> {
  const { voc, list } = values;
  const others = list === undefined ? inputs : ["--list", list];
  if (voc !== undefined && others.length)
    throw new UsageError(`compare: --voc has its own list of pictures; leave out ${others.join(" ")}`);
  if (voc === undefined && !others.length)
    throw new UsageError("compare: name pictures, a folder or a pattern, or a PASCAL VOC folder with --voc");
  refuseInputsBesideList("compare", { inputs, list });
  const shard = parseShard("compare", values);
  const items = await allItems(values, inputs);
  if (values.labels !== undefined) checkLabels("compare", items, values.labels);
  for (const option of ["void", "map"] as const) if (values[option] !== undefined) needLabels("compare", items, option);
  return { items: shardOf(items, shard), shard: shardFields(items, shard) };
}

async function allItems(
  { voc, split, list, labels }: CompareValues,
  inputs: readonly string[],
): Promise<DatasetItem[]> {
  if (voc !== undefined) return listVoc("compare", voc, split);
  return distinctItems(
    list === undefined ? await listPictures("compare", inputs, labels) : await listedItems(list, labels),
  );
}

interface Compared {
  readonly summary: Summary;
  /** Names of the report's files. */
  readonly files: readonly string[];
  /** A sentence for each shard that a merge lacks. */
  readonly lacks: readonly string[];
  /** The exit code of a signal that ended it early. */
  readonly stoppedBy: number | undefined;
}

/** Does the work while no other run writes to the folder. @throws bad-option, which passes, when another one does */
async function asOnlyWriter<T>(folder: string, work: (lock: WriterLock) => Promise<T>): Promise<T> {
  await outputFolder("compare", folder);
  const lock = await WriterLock.take(folder);
  try {
    await removeUnfinished(folder);
    return await work(lock);
  } finally {
    await lock.release();
  }
}

async function runPictures(
  values: CompareValues,
  { items, shard }: OwnItems,
  options: RunOptions & Pick<ComparisonRequest, "classNames">,
  lock: WriterLock,
): Promise<Compared> {
  const { sizes, mode, ...request } = options;
  const { adapter, out } = values;
  await refuseOtherShard(out, shard, mode);
  const { comparison, close, device, header } = await openComparison({
    ...request,
    stateDict: values["state-dict"],
    atOnce: values["at-once"],
    tune: values.tune || undefined,
    adapter,
  });
  const { stopped, exitCode, end } = watchInterrupts(STOPPING);
  const onFailure = (message: string): void => printError(`fcn: ${oneLine(message)}`);
  try {
    const log = await ResultLog.open(out, { ...header, ...shard }, mode, lock);
    try {
      const keeper = await Keeper.open(out, scoresIn(header, log));
      const job = { header, comparison, meaning: options.meaning, log, keeper, onFailure, stopped };
      await runComparison(remainingItems(items, log), job);
      const pictures = log.records.filter((r): r is PictureRecord => "ms" in r);
      const isTiming = sizes === undefined || sizes.length > 0;
      if (isTiming) await measureCosts(sizesToMeasure(sizes, pictures), job);
    } finally {
      await log.close();
    }
    const summary = summarise(header, log.records);
    return { summary, files: await writeReport(summary, out, [out]), lacks: [], stoppedBy: exitCode() };
  } finally {
    end();
    comparison.dispose();
    await close();
    device.dispose();
  }
}

/** The score of a picture that has a result. */
function scoresIn(header: RunHeader, { records }: ResultLog): (picture: string) => number | undefined {
  const done = new Map(records.flatMap((r) => ("ms" in r ? [[r.picture, r] as const] : [])));
  return (picture) => {
    const record = done.get(picture);
    return record && summarisePicture(header, record).score;
  };
}

/** Adds up the results of several folders. */
async function mergeFolders({ out }: CompareValues, folders: readonly string[]): Promise<Compared> {
  if (!folders.length) throw new UsageError("compare: --merge takes the --out folders of the shards");
  const { header, records, lacks } = await mergeLogs(folders);
  const summary = summarise(header, records);
  return asOnlyWriter(out, async () => ({
    summary,
    files: await writeReport(summary, out, folders),
    lacks,
    stoppedBy: undefined,
  }));
}

/** @throws UsageError for options that would be ignored */
function refuseIgnored({ merge, voc }: CompareValues, given: ReadonlySet<string>): void {
  if (merge)
    refuse("compare", given, NOT_WITH_MERGE, "is of no use with --merge, which adds up results that are there");
  else if (voc === undefined)
    refuse("compare", given, ["split"], "names a list of PASCAL VOC; give its folder with --voc");
  else refuse("compare", given, ["labels"], "is of no use with --voc, which has label maps of its own");
}

async function comparePictures(values: CompareValues, inputs: readonly string[]): Promise<Compared> {
  const options = runOptionsOf(values);
  for (const weights of options.weights ?? []) await checkWeights("compare", weights);
  const classNames = await readClassNames("compare", values["class-names"]);
  const end = tryAgainOnTerm(ENDED_EARLY);
  try {
    const items = await itemsOf(values, inputs);
    return await asOnlyWriter(values.out, (lock) => runPictures(values, items, { ...options, classNames }, lock));
  } finally {
    end();
  }
}

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals, given } = parse("compare", args, COMPARE_OPTIONS);
  refuseIgnored(values, given);
  const { summary, files, lacks, stoppedBy } = values.merge
    ? await mergeFolders(values, positionals)
    : await comparePictures(values, positionals);
  if (values.json) print(JSON.stringify(reportJson(summary)));
  else print(`${textReport(summary)}\n\n${files.map((file) => join(values.out, file)).join("\n")}`);
  warnOfLabels(summary, labelMeaningOf(values));
  for (const lack of lacks) printError(`fcn: compare: not whole: ${oneLine(lack)}`);
  if (stoppedBy !== undefined) return stoppedBy;
  return summary.failures.length || lacks.length ? 1 : 0;
}

export const compare: Command = {
  name: "compare",
  usage: COMPARE_USAGE,
  options: COMPARE_OPTIONS,
  choices: COMPARE_CHOICES,
  resumes: true,
  run,
};
