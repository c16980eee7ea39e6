/**
 * The loop of `fcn segment`: pictures are read, go through the networks, and their results are encoded and written.
 * Each step works on several pictures at once. What is said and recorded of them is in their order.
 */
import { stat } from "node:fs/promises";
import { defined } from "../base/defined.js";
import { isFcnError } from "../base/errors.js";
import { nativePath } from "../base/native-path.js";
import { decodePicture } from "../image/decode.js";
import type { DecodedPicture } from "../image/decode.js";
import { badImage } from "../image/picture.js";
import { readStream, whyUnreadable } from "../image/read-file.js";
import { inOrder } from "../base/in-order.js";
import type { Fcn, NodePicture, Scores, Segmentation } from "../node.js";
import { ByteBudget } from "./byte-budget.js";
import { isDiskFull } from "./exit-codes.js";
import { Lanes } from "./lanes.js";
import { OutputClosed, printNote } from "./output.js";
import { hashOfFile } from "./picture-list.js";
import type { ListedPicture } from "./picture-list.js";
import { itemBar } from "./progress.js";
import type { FoundClass } from "./segment-output.js";
import type { Sink, Wanted, Written } from "./segment-sink.js";
import { withShrunk } from "./threads/picture-tasks.js";
import type { PictureWork } from "./threads/picture-work.js";

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
  /** Labels that are kept; undefined for all. */
  readonly chosen: ReadonlySet<number> | undefined;
  readonly wanted: Wanted;
  readonly sink: Sink;
  /** Called after the results of a picture are written. */
  readonly onDone: (segmented: SegmentedInput) => Promise<void>;
  /** Called with the error of a picture, also with one that ends the work. */
  readonly onFailure: (input: SegmentInput, error: unknown) => Promise<void>;
  /** Asked before each picture; true ends the work early. */
  readonly stopped: () => boolean;
}

/** A picture's file when it was read: its bytes, and milliseconds since 1970 of its last change. */
interface SourceFile {
  readonly bytes: number;
  readonly mtime: number;
}

interface Loaded {
  readonly picture: DecodedPicture;
  readonly source: SourceFile;
}

interface Run {
  readonly segmentation: Segmentation;
  readonly probabilities: Scores | undefined;
  readonly logits: Scores | undefined;
}

/** What became of an input. */
interface Outcome {
  readonly input: SegmentInput;
  readonly done?: SegmentedInput;
  readonly error?: unknown;
}

/** The next picture goes to a device while it computes this one. */
const PICTURES_PER_DEVICE = 2;

/** Decoded pictures are read ahead while all of them together have fewer bytes. */
const MOST_BYTES_AHEAD = 2 ** 30;

const NO_FILE: SourceFile = { bytes: 0, mtime: 0 };

/** The size is looked at before the bytes: a file that changes meanwhile is found changed later. */
async function sourceFile(image: string): Promise<SourceFile> {
  const info = await stat(nativePath(image)).catch(() => undefined); // reading it says why
  return info ? { bytes: info.size, mtime: Math.floor(info.mtimeMs) } : NO_FILE;
}

/** @throws bad-image for a file that is not the one that the list names */
async function checkListed({ image, listed }: SegmentInput, source: SourceFile): Promise<void> {
  if (source === NO_FILE) return; // reading it says why
  const { bytes } = source;
  if (listed?.bytes !== undefined && listed.bytes !== bytes)
    throw badImage(image, `it has ${bytes} bytes, in the list ${listed.bytes}; copy it again, or make the list anew`);
  if (listed?.sha256 === undefined) return;
  const sha256 = await hashOfFile(image).catch((error: unknown) => {
    throw badImage(image, whyUnreadable(error), error);
  });
  if (sha256 !== listed.sha256)
    throw badImage(
      image,
      `its SHA-256 is ${sha256}, in the list ${listed.sha256}; copy it again, or make the list anew`,
    );
}

/** A picture with too many pixels is decoded at the size that the network sees, and that is said. */
async function load(input: SegmentInput, { fcns: [fcn], work }: SegmentJob): Promise<Loaded> {
  const { image, stdin } = input;
  const resize = fcn?.resize ?? "none";
  const side = resize === "none" ? undefined : resize;
  const source = stdin ? NO_FILE : await sourceFile(image);
  await checkListed(input, source);
  const picture = stdin
    ? withShrunk(await decodePicture(await readStream(process.stdin, "stdin"), "stdin", side), resize)
    : await work.read({ image, resize });
  if (picture.shrunkFrom) {
    const { width, height } = picture.shrunkFrom;
    const size = `${picture.width} x ${picture.height}`;
    printNote(`fcn: ${image}: ${width} x ${height} was shrunk to ${size} while decoding; its results have that size`);
  }
  return { picture, source };
}

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
  { picture, source }: Loaded,
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
  isDiskFull(error);

/** The inputs, each when there is memory for another picture, until the work is to end. */
async function* withMemory(inputs: readonly SegmentInput[], budget: ByteBudget, stopped: () => boolean) {
  for (const input of inputs) {
    await budget.free();
    if (stopped()) return;
    yield input;
  }
}

/** Works through the pictures. Gives how many failed. @throws device-lost, disposed, and bad-option for a full disk */
export async function segmentAll(inputs: readonly SegmentInput[], job: SegmentJob): Promise<number> {
  const { fcns, work, wanted, stopped } = job;
  const bar = itemBar(inputs.length);
  const budget = new ByteBudget(MOST_BYTES_AHEAD);
  const lanes = new Lanes(fcns, PICTURES_PER_DEVICE);
  const start = async (input: SegmentInput): Promise<Outcome> => {
    let bytes = 0;
    try {
      const loaded = await load(input, job);
      bytes = loaded.picture.data.length;
      budget.take(bytes);
      const run = await lanes.run((fcn) => runOne(fcn, loaded.picture, wanted));
      return { input, done: await finish(input, loaded, run, job) };
    } catch (error) {
      return { input, error };
    } finally {
      budget.give(bytes);
    }
  };
  let failed = 0;
  const inFlight = 2 * work.threads + PICTURES_PER_DEVICE * fcns.length;
  for await (const { input, done, error } of inOrder(withMemory(inputs, budget, stopped), inFlight, start)) {
    bar.clear();
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
