/** `fcn segment` with a record of what is done: it can be ended at any moment and goes on with --resume. */
import { createHash } from "node:crypto";
import { basename } from "node:path";
import { counted } from "../base/counted.js";
import { defined } from "../base/defined.js";
import { isFcnError } from "../base/errors.js";
import type { Fcn, NodePicture } from "../node.js";
import { packageVersion } from "./command.js";
import { TRY_AGAIN, isPassing } from "./exit-codes.js";
import { printError, printNote } from "./output.js";
import { listLine } from "./picture-list.js";
import { modeOf } from "./record-log.js";
import { SegmentLog } from "./segment-log.js";
import type { SegmentValues } from "./segment-options.js";
import { segmentHeader } from "./segment-record.js";
import type { FailedRecord, PictureFailure, SegmentHeader } from "./segment-record.js";
import { segmentAll } from "./segment-run.js";
import type { SegmentInput, SegmentJob, SegmentedInput } from "./segment-run.js";
import type { Shard } from "./shards.js";
import { watchInterrupts } from "./signals.js";
import { hashOf, openWeightsSource, sourceName } from "./train-weights.js";

const STOPPING =
  "\nfcn segment: stopping after the pictures in hand; finished pictures are kept and --resume continues " +
  "(again: stop at once)";

/** What a recorded run works on. */
export interface RecordedRun {
  readonly values: SegmentValues;
  readonly fcn: Fcn<NodePicture>;
  /** Names of the graphics adapters. */
  readonly adapter: string;
  /** All pictures. */
  readonly all: readonly SegmentInput[];
  /** Those of this run. */
  readonly inputs: readonly SegmentInput[];
  readonly shard: Shard | undefined;
  readonly chosen: ReadonlySet<number> | undefined;
  /** Endings of the files that each picture gets. */
  readonly endings: readonly string[];
}

/** The rest of a job, made for this folder of unfinished files. */
export type JobFor = (aside: string) => Omit<SegmentJob, "onDone" | "onFailure" | "stopped">;

/** Name and SHA-256 of the weights. */
async function weightsOf({
  weights = "photos",
}: SegmentValues): Promise<Pick<SegmentHeader, "weights" | "weightsHash">> {
  const source = await openWeightsSource(weights);
  try {
    return { weights: basename(sourceName(weights, source)), weightsHash: await hashOf(source) };
  } finally {
    await source.close();
  }
}

/** SHA-256 of the names of all pictures in their order. */
function hashOfNames(all: readonly SegmentInput[]): string {
  const hash = createHash("sha256");
  for (const { image } of all) hash.update(listLine({ path: image }));
  return hash.digest("hex");
}

async function headerOf({ values, fcn, all, shard, chosen, endings }: RecordedRun): Promise<SegmentHeader> {
  const { heads, "at-once": atOnce, "state-dict": stateDict, draft } = values;
  const options = [heads === "file" ? [] : `heads ${heads}`, atOnce ? "at once" : [], stateDict ?? []];
  const network = [...options, draft ? "draft" : []].flat();
  const keptLabels = chosen && [...chosen].sort((a, b) => a - b);
  return segmentHeader({
    version: packageVersion(),
    ...(await weightsOf(values)),
    variant: fcn.variant,
    network: network.join(", "),
    precision: fcn.precision,
    resize: fcn.resize,
    classNames: fcn.classNames,
    ...defined({ keptLabels }),
    endings,
    ...(shard ? { shard: `${shard.part}/${shard.parts}`, pictures: all.length, list: hashOfNames(all) } : {}),
  });
}

/** An error as records and lines of JSON have it. */
export function failureOf(error: unknown): PictureFailure {
  const message = error instanceof Error ? error.message : String(error);
  return { code: isFcnError(error) ? error.code : "unknown", message };
}

const failedRecord = (error: unknown): Pick<FailedRecord, "error" | "passes"> => ({
  error: failureOf(error),
  passes: isPassing(error),
});

async function addDone(log: SegmentLog, { input, source, width, height, found, files }: SegmentedInput): Promise<void> {
  // Regions may be many; the format json has them.
  const classes = found.map(({ class: label, name, pixels, share, box, confidence }) => ({
    ...{ class: label, name, pixels, share, box },
    ...defined({ confidence }),
  }));
  await log.addDone(input, { ...source, width, height, classes, files });
}

/** How many pictures of a run were done and how many failed. */
export class Tally {
  done = 0;
  failed = 0;

  /**
   * @param all pictures of the run
   * @param left those of them that this run was to do
   */
  constructor(
    private readonly all: number,
    private readonly left: number,
  ) {}

  /** Says how many failed, and how many were not tried because the work ended early. Nothing for a single picture. */
  print(): void {
    if (!this.failed || this.all < 2) return;
    const untried = this.left - this.done - this.failed;
    const rest = untried ? `, ${untried} ${untried === 1 ? "was" : "were"} not tried` : "";
    printError(`fcn: segment: ${this.failed} of ${this.all} pictures failed${rest}`);
  }
}

/** Works through the pictures. A lost device ends the work, after its picture was counted among those that failed. */
export async function segmentUntilLost(inputs: readonly SegmentInput[], job: SegmentJob): Promise<void> {
  try {
    await segmentAll(inputs, job);
  } catch (error) {
    if (!isFcnError(error, "device-lost")) throw error;
  }
}

/**
 * Does what is left to do, and gives the exit code.
 * @param onFailure prints the error
 * @throws UsageError, and what ends the work but a lost device
 */
export async function runRecorded(
  run: RecordedRun,
  jobFor: JobFor,
  onFailure: (input: SegmentInput, error: unknown) => void,
): Promise<number> {
  const { values, adapter, shard, inputs, endings } = run;
  const header = await headerOf(run);
  const mode = modeOf("segment", values);
  const log = await SegmentLog.open({ out: values.out, shard, header, mode, adapter, inputs, endings });
  try {
    const left = await log.remaining();
    if (left.done) printNote(`fcn: segment: done already: ${left.done} of ${counted(inputs.length, "picture")}`);
    if (left.changed)
      printNote(
        `fcn: segment: changed since, or with changed results, and done again: ${counted(left.changed, "picture")}`,
      );
    // Until here a signal ends the program at once: no picture is in hand.
    const { stopped, exitCode, end } = watchInterrupts(STOPPING);
    try {
      const tally = new Tally(inputs.length, left.inputs.length);
      await segmentUntilLost(left.inputs, {
        ...jobFor(log.aside),
        async onDone(segmented) {
          tally.done++;
          await addDone(log, segmented);
        },
        async onFailure(input, error) {
          tally.failed++;
          onFailure(input, error);
          await log.addFailed(input, failedRecord(error));
        },
        stopped,
      });
      tally.print();
      return log.exitCode === TRY_AGAIN ? (exitCode() ?? TRY_AGAIN) : log.exitCode;
    } finally {
      end();
    }
  } finally {
    await log.close();
  }
}
