/**
 * The loop of `fcn segment`: pictures are read, go through the networks, and their results are encoded and written.
 * Each step works on several pictures at once. What is said and recorded of them is in their order.
 */
import { defined } from "../base/defined.js";
import { isFcnError } from "../base/errors.js";
import { inOrder } from "../base/in-order.js";
import type { DecodedPicture } from "../image/decode.js";
import type { Fcn, NodePicture, Scores, Segmentation } from "../node.js";
import { isDiskFull } from "./exit-codes.js";
import { Lanes } from "./lanes.js";
import { OutputClosed, printNote } from "./output.js";
import type { ListedPicture } from "./picture-list.js";
import { itemBar } from "./progress.js";
import { ReadAhead } from "./read-ahead.js";
import type { Held } from "./read-ahead.js";
import { bytesNeeded, loadPicture } from "./segment-load.js";
import type { LoadedPicture, SourceFile } from "./segment-load.js";
import type { FoundClass } from "./segment-output.js";
import type { Sink, Wanted, Written } from "./segment-sink.js";
import type { PictureWork } from "./threads/picture-work.js";
import { ThreadStartError } from "./threads/pool.js";

export interface SegmentInput {
  /** Its path, as results name it. */
  readonly image: string;
  /** Name of its results below the output folder, without an ending. */
  readonly name: string;
  /** Read from stdin, not from a file. */
  readonly stdin: boolean;
  /** What a list says of its file. */
  readonly listed?: ListedPicture;
}

/** A picture that is done. */
export interface SegmentedInput extends Written {
  readonly input: SegmentInput;
  readonly source: SourceFile;
  readonly width: number;
  readonly height: number;
  readonly found: readonly FoundClass[];
}

export interface SegmentJob {
  /** One network, on each device. */
  readonly fcns: readonly Fcn<NodePicture>[];
  /** Reads and encodes. */
  readonly work: PictureWork;
  /** Whether drafts of pictures are good enough. */
  readonly draft?: boolean;
  /** Labels that are kept; undefined for all. */
  readonly chosen: ReadonlySet<number> | undefined;
  readonly wanted: Wanted;
  readonly sink: Sink;
  /** Called after the results of a picture are written. */
  readonly onDone: (segmented: SegmentedInput) => Promise<void>;
  /** Called with the error of a picture, also with one that ends the work. */
  readonly onFailure: (input: SegmentInput, error: unknown) => Promise<void>;
  /** Asked before each step of a picture; true ends the work: only what devices compute is finished. */
  readonly stopped: () => boolean;
}

interface Run {
  readonly segmentation: Segmentation;
  readonly probabilities: Scores | undefined;
  readonly logits: Scores | undefined;
}

/** What became of an input. With neither `done` nor `error` it was not tried. */
interface Outcome {
  readonly input: SegmentInput;
  /** What to say of it. */
  readonly note?: string;
  readonly done?: SegmentedInput;
  readonly error?: unknown;
}

/** The next picture goes to a device while it computes this one. */
const PICTURES_PER_DEVICE = 2;

/** As fcn.segment(), but the next call may begin as soon as the device has this picture. */
async function segmentNext(fcn: Fcn<NodePicture>, picture: DecodedPicture): Promise<Segmentation> {
  const { value } = await fcn.segmentAll([picture]).next();
  return value as Segmentation;
}

async function runOne(fcn: Fcn<NodePicture>, picture: DecodedPicture, wanted: Wanted): Promise<Run> {
  const segmentation = await segmentNext(fcn, picture);
  const probabilities = wanted.probabilities ? await fcn.probabilities(picture) : undefined;
  const logits = wanted.logits ? await fcn.logits(picture) : undefined;
  return { segmentation, probabilities, logits };
}

/** Encodes and writes the results of a picture, whose memory may move to a thread. */
async function finish(
  input: SegmentInput,
  { picture, source }: LoadedPicture,
  { segmentation, probabilities, logits }: Run,
  { fcns: [fcn], work, chosen, wanted, sink }: SegmentJob,
): Promise<SegmentedInput> {
  const { image, name } = input;
  const { width, height } = picture;
  const { formats } = wanted;
  const { variant = "", classNames = [], notice } = fcn ?? {};
  const pixels = formats.includes("overlay") ? picture.data : undefined;
  const scores = probabilities && { data: probabilities.data, shape: probabilities.shape };
  const of = { image, width, height, variant, classNames, labels: segmentation.labels, formats };
  const encoded = await work.encode({ ...of, ...defined({ pixels, probabilities: scores, chosen, notice }) });
  const { timings } = segmentation;
  const output = { name, image, width, height, variant, timings, ...encoded, ...defined({ logits, notice }) };
  return { input, source, width, height, found: encoded.found, ...(await sink(output)) };
}

/** Errors after which no picture can be done; every other one concerns one picture. */
const isLast = (error: unknown): boolean =>
  isFcnError(error, "device-lost") ||
  isFcnError(error, "disposed") ||
  error instanceof OutputClosed ||
  error instanceof ThreadStartError ||
  isDiskFull(error);

function* until(stopped: () => boolean, inputs: readonly SegmentInput[]): Generator<SegmentInput> {
  for (const input of inputs) {
    if (stopped()) return;
    yield input;
  }
}

/** What does one picture. It never rejects. */
function starter(job: SegmentJob): (input: SegmentInput) => Promise<Outcome> {
  const { fcns, work, draft = false, wanted, stopped } = job;
  const { resize = "none", classNames = [] } = fcns[0] ?? {};
  // One more than threads, so that no thread waits for its next picture.
  const ahead = new ReadAhead<LoadedPicture>(work.threads + 1, (loaded) =>
    bytesNeeded(loaded, wanted, classNames.length),
  );
  const lanes = new Lanes(fcns, PICTURES_PER_DEVICE);
  return async (input) => {
    let held: Held<LoadedPicture> | undefined;
    try {
      held = await ahead.read(() => loadPicture(input, { resize, draft }, work), stopped);
      if (!held || stopped()) return { input };
      const { value: loaded } = held;
      const run = await lanes.run(async (fcn) => (stopped() ? undefined : runOne(fcn, loaded.picture, wanted)));
      if (!run) return { input };
      return { input, ...defined({ note: loaded.note }), done: await finish(input, loaded, run, job) };
    } catch (error) {
      return { input, ...defined({ note: held?.value.note }), error };
    } finally {
      if (held) ahead.free(held);
    }
  };
}

/** Works through the pictures. Gives how many failed. @throws device-lost, disposed, and bad-option for a full disk */
export async function segmentAll(inputs: readonly SegmentInput[], job: SegmentJob): Promise<number> {
  const { fcns, work, stopped } = job;
  const bar = itemBar(inputs.length);
  const inFlight = 2 * work.threads + PICTURES_PER_DEVICE * fcns.length;
  let failed = 0;
  for await (const outcome of inOrder(until(stopped, inputs), inFlight, starter(job))) {
    const { input, note, done, error } = outcome;
    if (!done && !("error" in outcome)) continue;
    bar.clear();
    if (note !== undefined) printNote(note);
    if (done) {
      await job.onDone(done);
      done.report();
    } else {
      if (isFcnError(error, "device-lost") || !isLast(error)) await job.onFailure(input, error);
      if (isLast(error)) throw error;
      failed++;
    }
    bar.step(input.image);
  }
  bar.clear();
  return failed;
}
