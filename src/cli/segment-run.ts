/** The loop of `fcn segment`: pictures decoded ahead, run one by one, written while the next one runs. */
import { buffer } from "node:stream/consumers";
import { isFcnError } from "../base/errors.js";
import { decodePicture, readPictureFile } from "../image/decode.js";
import type { RgbaPicture } from "../image/picture.js";
import type { Fcn, NodePicture, Scores, Segmentation } from "../node.js";
import { overlapped } from "./overlap.js";
import { progress } from "./progress.js";
import { confidenceOf, selected } from "./segment-output.js";
import type { Sink, Wanted } from "./segment-sink.js";

export interface Item {
  /** As it is named in results. */
  readonly image: string;
  /** Below the output folder, without an ending. */
  readonly name: string;
  /** Read from stdin, not from a file. */
  readonly stdin: boolean;
}

export interface Job {
  readonly fcn: Fcn<NodePicture>;
  /** Labels that are kept; undefined for all. */
  readonly chosen: ReadonlySet<number> | undefined;
  readonly wanted: Wanted;
  readonly sink: Sink;
  readonly onFailure: (error: unknown) => void;
}

interface Run {
  readonly segmentation: Segmentation;
  readonly probabilities?: Scores;
  readonly logits?: Scores;
}

async function runOne(picture: RgbaPicture, { fcn, wanted }: Job): Promise<Run> {
  const segmentation = await fcn.segment(picture);
  const probabilities = wanted.probabilities ? { probabilities: await fcn.probabilities(picture) } : {};
  const logits = wanted.logits ? { logits: await fcn.logits(picture) } : {};
  return { segmentation, ...probabilities, ...logits };
}

/** Works through the pictures and gives how many failed. @throws what ends the device */
export async function segmentAll(items: readonly Item[], job: Job): Promise<number> {
  const { fcn, chosen, sink, onFailure } = job;
  const bar = progress(items.length);
  let failed = 0;
  await overlapped<Item, RgbaPicture, Run>(items, {
    load: async ({ image, stdin }) =>
      stdin ? decodePicture(await buffer(process.stdin), "stdin") : readPictureFile(image),
    run: (picture) => runOne(picture, job),
    async finish({ image, name }, picture, { segmentation, probabilities, logits }) {
      const { labels, timings } = segmentation;
      const shown = selected(labels, picture, chosen);
      const confidence = probabilities ? { confidence: confidenceOf(probabilities, shown.labels, chosen) } : {};
      const result = {
        image,
        variant: fcn.variant,
        classNames: fcn.classNames,
        picture,
        ...shown,
        ...confidence,
        notice: fcn.notice,
      };
      const tell = await sink({
        name,
        result,
        timings,
        ...(probabilities && { probabilities }),
        ...(logits && { logits }),
      });
      bar.clear();
      tell();
      bar.step(image);
    },
    async fail({ image }, error) {
      if (isFcnError(error, "device-lost") || isFcnError(error, "disposed")) throw error;
      failed++;
      bar.clear();
      onFailure(error);
      bar.step(image);
    },
  });
  bar.clear();
  return failed;
}
