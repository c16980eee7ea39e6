/** The loop of `fcn segment`: pictures are decoded ahead, run one by one, and written while the next one runs. */
import { stat } from "node:fs/promises";
import { defined } from "../base/defined.js";
import { isFcnError } from "../base/errors.js";
import { nativePath } from "../base/native-path.js";
import { decodePicture, readPictureFile } from "../image/decode.js";
import { badImage } from "../image/picture.js";
import type { RgbaPicture } from "../image/picture.js";
import { readStream, whyUnreadable } from "../image/read-file.js";
import type { Fcn, NodePicture, Scores, Segmentation } from "../node.js";
import { isDiskFull } from "./exit-codes.js";
import { OutputClosed, printNote } from "./output.js";
import { overlapped } from "./overlap.js";
import { hashOfFile } from "./picture-list.js";
import type { ListedPicture } from "./picture-list.js";
import { itemBar } from "./progress.js";
import { chosenParts, confidenceOf } from "./segment-output.js";
import type { SegmentedPicture } from "./segment-output.js";
import type { ResultFile } from "./segment-record.js";
import type { Sink, Wanted } from "./segment-sink.js";

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
export interface SegmentedInput {
  readonly input: SegmentInput;
  readonly source: SourceFile;
  readonly result: SegmentedPicture;
  readonly files: readonly ResultFile[];
}

export interface SegmentJob {
  readonly fcn: Fcn<NodePicture>;
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
  readonly picture: RgbaPicture;
  readonly source: SourceFile;
}

interface Run {
  readonly segmentation: Segmentation;
  readonly probabilities: Scores | undefined;
  readonly logits: Scores | undefined;
}

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
async function load(input: SegmentInput, { resize }: Fcn<NodePicture>): Promise<Loaded> {
  const { image, stdin } = input;
  const side = resize === "none" ? undefined : resize;
  const source = stdin ? NO_FILE : await sourceFile(image);
  await checkListed(input, source);
  const picture = stdin
    ? await decodePicture(await readStream(process.stdin, "stdin"), "stdin", side)
    : await readPictureFile(image, side);
  if (picture.shrunkFrom) {
    const { width, height } = picture.shrunkFrom;
    const size = `${picture.width} x ${picture.height}`;
    printNote(`fcn: ${image}: ${width} x ${height} was shrunk to ${size} while decoding; its results have that size`);
  }
  return { picture, source };
}

async function runOne(picture: RgbaPicture, { fcn, wanted }: SegmentJob): Promise<Run> {
  const segmentation = await fcn.segment(picture);
  const probabilities = wanted.probabilities ? await fcn.probabilities(picture) : undefined;
  const logits = wanted.logits ? await fcn.logits(picture) : undefined;
  return { segmentation, probabilities, logits };
}

function resultOf(
  { fcn, chosen }: SegmentJob,
  image: string,
  picture: RgbaPicture,
  { segmentation, probabilities }: Run,
): SegmentedPicture {
  const kept = chosenParts(segmentation.labels, picture, chosen);
  const confidence = probabilities && confidenceOf(probabilities, kept.labels, chosen);
  return {
    image,
    variant: fcn.variant,
    classNames: fcn.classNames,
    picture,
    ...kept,
    ...defined({ confidence }),
    notice: fcn.notice,
  };
}

/** Errors after which no picture can be done; every other one concerns one picture. */
const isLast = (error: unknown): boolean =>
  isFcnError(error, "device-lost") ||
  isFcnError(error, "disposed") ||
  error instanceof OutputClosed ||
  isDiskFull(error);

/** Works through the pictures. Gives how many failed. @throws device-lost, disposed, and bad-option for a full disk */
export async function segmentAll(inputs: readonly SegmentInput[], job: SegmentJob): Promise<number> {
  const bar = itemBar(inputs.length);
  let failed = 0;
  await overlapped<SegmentInput, Loaded, Run>(inputs, {
    load: (input) => load(input, job.fcn),
    run: ({ picture }) => runOne(picture, job),
    async finish(input, { picture, source }, run) {
      const { image, name } = input;
      const { probabilities, logits } = run;
      const result = resultOf(job, image, picture, run);
      const { timings } = run.segmentation;
      const { files, report } = await job.sink({ name, result, timings, ...defined({ probabilities, logits }) });
      await job.onDone({ input, source, result, files });
      bar.clear();
      report();
      bar.step(image);
    },
    async fail(input, error) {
      bar.clear();
      if (isFcnError(error, "device-lost") || !isLast(error)) await job.onFailure(input, error);
      if (isLast(error)) throw error;
      failed++;
      bar.step(input.image);
    },
    stopped: job.stopped,
  });
  bar.clear();
  return failed;
}
