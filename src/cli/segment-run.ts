/** The loop of `fcn segment`: pictures are decoded ahead, run one by one, and written while the next one runs. */
import { defined } from "../base/defined.js";
import { isFcnError } from "../base/errors.js";
import { decodePicture, readPictureFile } from "../image/decode.js";
import type { RgbaPicture } from "../image/picture.js";
import { readStream } from "../image/read-file.js";
import type { Fcn, NodePicture, Scores, Segmentation } from "../node.js";
import { OutputClosed, printNote } from "./output.js";
import { overlapped } from "./overlap.js";
import { itemBar } from "./progress.js";
import { chosenParts, confidenceOf } from "./segment-output.js";
import type { SegmentedPicture } from "./segment-output.js";
import type { Sink, Wanted } from "./segment-sink.js";

export interface SegmentInput {
  /** Its path, as results name it. */
  readonly image: string;
  /** Name of its results below the output folder, without an ending. */
  readonly name: string;
  /** Read from stdin, not from a file. */
  readonly stdin: boolean;
}

export interface SegmentJob {
  readonly fcn: Fcn<NodePicture>;
  /** Labels that are kept; undefined for all. */
  readonly chosen: ReadonlySet<number> | undefined;
  readonly wanted: Wanted;
  readonly sink: Sink;
  readonly onFailure: (error: unknown) => void;
}

interface Run {
  readonly segmentation: Segmentation;
  readonly probabilities: Scores | undefined;
  readonly logits: Scores | undefined;
}

/** A picture with too many pixels is decoded at the size that the network sees, and that is said. */
async function load({ image, stdin }: SegmentInput, { resize }: Fcn<NodePicture>): Promise<RgbaPicture> {
  const side = resize === "none" ? undefined : resize;
  const picture = stdin
    ? await decodePicture(await readStream(process.stdin, "stdin"), "stdin", side)
    : await readPictureFile(image, side);
  if (picture.shrunkFrom) {
    const { width, height } = picture.shrunkFrom;
    const size = `${picture.width} x ${picture.height}`;
    printNote(`fcn: ${image}: ${width} x ${height} was shrunk to ${size} while decoding; its results have that size`);
  }
  return picture;
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
  isFcnError(error, "device-lost") || isFcnError(error, "disposed") || error instanceof OutputClosed;

/** Works through the pictures. Gives how many failed. @throws device-lost, disposed */
export async function segmentAll(inputs: readonly SegmentInput[], job: SegmentJob): Promise<number> {
  const bar = itemBar(inputs.length);
  let failed = 0;
  await overlapped<SegmentInput, RgbaPicture, Run>(inputs, {
    load: (input) => load(input, job.fcn),
    run: (picture) => runOne(picture, job),
    async finish({ image, name }, picture, run) {
      const { probabilities, logits } = run;
      const result = resultOf(job, image, picture, run);
      const { timings } = run.segmentation;
      const report = await job.sink({ name, result, timings, ...defined({ probabilities, logits }) });
      bar.clear();
      report();
      bar.step(image);
    },
    async fail({ image }, error) {
      if (isLast(error)) throw error;
      failed++;
      bar.clear();
      job.onFailure(error);
      bar.step(image);
    },
  });
  bar.clear();
  return failed;
}
