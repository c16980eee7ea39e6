/** The error of a picture that is too large for a device, with its size and the cure. */
import { FcnError } from "../../base/errors.js";
import { MOST_PICTURE_BYTES, RGBA_BYTES } from "../../image/rgba-bytes.js";
import type { Batch } from "../batches.js";
import { networkSize } from "../preprocessing.js";
import type { Resize } from "../preprocessing.js";

/** Kinds of a model, whose caller chose how pictures are resized. Comparisons resize as the weights were trained. */
const OF_MODELS = /^(labels|logits|probabilities|aux|features .*)$/;
/** Kinds whose outputs have values of every class at every pixel: `resize` makes them no smaller. */
const OF_EVERY_PIXEL: readonly string[] = ["logits", "probabilities", "aux"];
/** A usual length of the shorter side. */
const USUAL_SIDE = 512;

/** A side of pictures that no kernel finds too large. */
const SMALL_SIDE = 64;

/** A batch whose graph cannot be planned. */
export interface RefusedBatch<Kind extends string> {
  readonly batch: Batch<Kind>;
  readonly resize: Resize;
  /** Builds the graph of a batch. @throws bad-shape */
  readonly graphOf: (batch: Batch<Kind>) => unknown;
}

/**
 * An error about memory becomes one that names the picture's size and the cure, and so does one about shapes that a
 * small picture does not have: a long, narrow one grows beyond what kernels can index. Other errors stay.
 */
export function pictureTooLarge<Kind extends string>(error: FcnError, refused: RefusedBatch<Kind>): FcnError {
  const { batch, resize } = refused;
  if (error.code === "bad-shape" && !isOfSize(refused)) return error;
  const { height, width } = batch;
  const [seenHeight, seenWidth] = networkSize(height, width, resize);
  const isResized = seenHeight !== height || seenWidth !== width;
  const resized = isResized ? `, resized to ${seenWidth} x ${seenHeight},` : "";
  const what = `a picture of ${width} x ${height}${resized} is too large for this device`;
  const code = error.code === "out-of-memory" ? error.code : "limit-too-small";
  const cure = cureOf(batch, Math.min(seenHeight, seenWidth));
  return new FcnError(code, `${what}: ${error.message}; ${cure}`, { cause: error });
}

/** Whether a small picture of the same kind has no such fault. */
function isOfSize<Kind extends string>({ batch, graphOf }: RefusedBatch<Kind>): boolean {
  const [height, width] = [batch.height, batch.width].map((side) => Math.min(side, SMALL_SIDE)) as [number, number];
  try {
    graphOf({ ...batch, height, width });
    return true;
  } catch {
    return false;
  }
}

/** `side` is the shorter one as the network sees the picture. */
function cureOf({ kind, width, height }: Batch, side: number): string {
  const smaller = "shrink or crop the picture";
  if (!OF_MODELS.test(kind)) return smaller;
  if (OF_EVERY_PIXEL.includes(kind)) return `resize leaves ${kind} at the picture's size, so ${smaller}`;
  if (width * height * RGBA_BYTES > MOST_PICTURE_BYTES) return smaller;
  return `give loadFcn a smaller resize, such as ${smallerSide(side)} (--resize), or ${smaller}`;
}

/** Half the side is a quarter of the memory. */
const smallerSide = (side: number): number => Math.min(USUAL_SIDE, Math.ceil(side / 2));
