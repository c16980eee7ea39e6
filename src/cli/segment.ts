/** `fcn segment`: pictures to label maps, overlays, masks, probabilities and descriptions. */
import { defined } from "../base/defined.js";
import { messageOf } from "../base/errors.js";
import { loadFcn } from "../node.js";
import type { Fcn, NodeLoadOptions, NodePicture } from "../node.js";
import { badWeights } from "../weights/source.js";
import { readClassNames } from "./class-names.js";
import { parse, refuse } from "./command.js";
import type { Command } from "./command.js";
import { TRY_AGAIN, isPassing } from "./exit-codes.js";
import { checkWeights, outputFolder } from "./files.js";
import { tooManyClasses } from "./inspect-report.js";
import { oneLine, print, printError, printNote } from "./output.js";
import { byteBar } from "./progress.js";
import { modeOf } from "./record-log.js";
import { refuseUnfit } from "./segment-devices.js";
import { refuseStreams, segmentInputs } from "./segment-inputs.js";
import { mergeSegments } from "./segment-merge.js";
import { refuseToReplace } from "./segment-names.js";
import {
  SEGMENT_CHOICES,
  SEGMENT_OPTIONS,
  SEGMENT_USAGE,
  STREAM,
  checkStream,
  checkDraft,
  loadOptionsOf,
  threadCount,
  wantedOf,
} from "./segment-options.js";
import type { SegmentValues } from "./segment-options.js";
import { chosenClasses } from "./segment-output.js";
import { Tally, failureOf, runRecorded, segmentUntilLost } from "./segment-recorded.js";
import type { SegmentInput, SegmentJob } from "./segment-run.js";
import { endingsOf, folderSink, stdoutSink } from "./segment-sink.js";
import { parseShard, shardOf } from "./shards.js";
import { tryAgainOnTerm } from "./signals.js";
import { pictureWork } from "./threads/picture-work.js";

/** @throws UsageError when a result would replace one of `all` pictures, or the folder cannot be made */
async function prepareFolder(
  folder: string,
  endings: readonly string[],
  inputs: readonly SegmentInput[],
  all: readonly SegmentInput[],
): Promise<void> {
  const outputs = inputs.flatMap(({ name }) => endings.map((ending) => `${folder}/${name}${ending}`));
  const pictures = all.map(({ image }) => image);
  refuseToReplace("segment", pictures, outputs);
  await outputFolder("segment", folder);
}

interface LoadRequest {
  readonly first: NodeLoadOptions;
  readonly others: readonly NodeLoadOptions[];
  readonly classNames: readonly string[] | undefined;
}

interface Loaded {
  /** One network, on each device. */
  readonly fcns: readonly [Fcn<NodePicture>, ...Fcn<NodePicture>[]];
  /** Milliseconds it took. */
  readonly ms: number;
}

/** What the options ask for, one network for each device. A wrong call ends here, before anything is made. */
async function loadRequest(values: SegmentValues): Promise<LoadRequest> {
  const [first, ...others] = loadOptionsOf(values);
  const classNames = await readClassNames("segment", values["class-names"]);
  if (values.weights !== undefined) await checkWeights("segment", values.weights);
  return { first, others, classNames };
}

async function load({ weights }: SegmentValues, { first, others, classNames }: LoadRequest): Promise<Loaded> {
  const start = performance.now();
  const transfer = byteBar();
  const open = (options: NodeLoadOptions): Promise<Fcn<NodePicture>> =>
    loadFcn({ ...options, ...defined({ classNames }), onProgress: (count) => transfer.show("downloading", count) });
  // One after the other: the first downloads the weights, and the others find them.
  const fcns: [Fcn<NodePicture>, ...Fcn<NodePicture>[]] = [await open(first).finally(transfer.clear)];
  try {
    const fault = tooManyClasses(fcns[0].classNames.length);
    if (fault !== undefined) throw badWeights(fcns[0].description, fault);
    for (const options of others) {
      fcns.push(await open(options));
      refuseUnfit(fcns);
    }
  } catch (error) {
    disposeAll(fcns);
    throw error;
  }
  const [fcn] = fcns;
  if (weights !== undefined) printNote(`fcn: ${weights} is ${fcn.description}; runs as ${fcn.variant}`);
  if (fcn.notice !== undefined) printNote(`fcn: WARNING: ${fcn.notice}`);
  return { fcns, ms: performance.now() - start };
}

function disposeAll(fcns: readonly Fcn<NodePicture>[]): void {
  for (const fcn of fcns) fcn.dispose();
}

/** Prints the sentence and, where stdout has lines of JSON, a line. */
const failurePrinter =
  (isJson: boolean) =>
  ({ image }: SegmentInput, error: unknown): void => {
    printError(`fcn: ${oneLine(messageOf(error))}`);
    if (isJson) print(JSON.stringify({ image, error: failureOf(error) }));
  };

/** Without a record: all pictures, and an exit code that says whether another try may help. */
async function runAtOnce(
  inputs: readonly SegmentInput[],
  job: Omit<SegmentJob, "onDone" | "onFailure" | "stopped">,
  printFailure: (input: SegmentInput, error: unknown) => void,
): Promise<number> {
  let mayPass = false;
  const tally = new Tally(inputs.length, inputs.length);
  await segmentUntilLost(inputs, {
    ...job,
    async onDone() {
      tally.done++;
    },
    async onFailure(input, error) {
      tally.failed++;
      mayPass ||= isPassing(error);
      printFailure(input, error);
    },
    stopped: () => false,
  });
  tally.print();
  if (mayPass) return TRY_AGAIN;
  return tally.failed ? 1 : 0;
}

const RECORDED = ["resume", "fresh", "shard"] as const;
const isRecordedBy = (given: ReadonlySet<string>): boolean => RECORDED.some((name) => given.has(name));

const ENDED_EARLY = "fcn segment: ended by SIGTERM with no picture in hand; another run goes on";

async function segmentPictures(
  values: SegmentValues,
  positionals: readonly string[],
  given: ReadonlySet<string>,
): Promise<number> {
  const wanted = wantedOf(values);
  checkDraft(values, values.resize);
  const threads = threadCount(values);
  const { out, json, list } = values;
  const shard = parseShard("segment", values);
  modeOf("segment", values);
  const isRecorded = isRecordedBy(given);
  const toStdout = out === STREAM;
  if (toStdout) refuse("segment", given, RECORDED, "keeps a record in the folder of --out, which - is not");
  const all = await segmentInputs(positionals, list);
  if (isRecorded) refuseStreams(all);
  const inputs = shardOf(all, shard);
  const request = await loadRequest(values);
  const endings = endingsOf(wanted);
  if (toStdout) checkStream(wanted, inputs.length, json);
  else await prepareFolder(out, endings, inputs, all);
  const { fcns, ms } = await load(values, request);
  const [fcn] = fcns;
  const work = pictureWork(inputs.length, threads);
  try {
    checkDraft(values, fcn.resize);
    const chosen = values.classes === undefined ? undefined : chosenClasses(values.classes, fcn.classNames);
    const adapter = fcns.map(({ device }) => device.label).join(", ");
    const jobFor = (aside?: string) => {
      const sink = toStdout ? stdoutSink : folderSink(out, { json, adapter, load: ms, aside });
      return { fcns, work, draft: values.draft, chosen, wanted, sink };
    };
    const isJson = json || (toStdout && wanted.formats[0] === "json");
    const printFailure = failurePrinter(isJson);
    if (!isRecorded) return await runAtOnce(inputs, jobFor(), printFailure);
    return await runRecorded({ values, fcn, adapter, all, inputs, shard, chosen, endings }, jobFor, printFailure);
  } finally {
    await work.close();
    disposeAll(fcns);
  }
}

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals, given } = parse("segment", args, SEGMENT_OPTIONS);
  if (values.merge) return mergeSegments(values, positionals, given);
  if (!isRecordedBy(given)) return segmentPictures(values, positionals, given);
  const end = tryAgainOnTerm(ENDED_EARLY);
  try {
    return await segmentPictures(values, positionals, given);
  } finally {
    end();
  }
}

export const segment: Command = {
  name: "segment",
  usage: SEGMENT_USAGE,
  options: SEGMENT_OPTIONS,
  choices: SEGMENT_CHOICES,
  resumes: true,
  run,
};
