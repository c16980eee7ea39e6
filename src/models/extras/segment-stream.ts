/** A stream of pictures, segmented several at a time: its results in order, and what becomes of those that fail. */
import { abortable } from "../../base/abort.js";
import { isFcnError } from "../../base/errors.js";
import type { FcnError, FcnErrorCode } from "../../base/errors.js";
import type { Stream, Streamed } from "../stream.js";
import { inOrder } from "../../base/in-order.js";

/** Codes of errors that a picture has by itself. After any other, the next picture would fail as well. */
const OF_PICTURES: readonly FcnErrorCode[] = ["bad-image", "missing-package", "limit-too-small", "out-of-memory"];

const isOfPicture = (error: unknown): error is FcnError => isFcnError(error) && OF_PICTURES.includes(error.code);

/** As Fcn.segmentAll(). Failures come in their turn, and count as held until they are taken. */
export async function* segmentStream<Image>(stream: Stream<Image>): AsyncGenerator<Streamed<Image>, void, undefined> {
  const { images, inFlight, onError, signal, segment } = stream;
  let next = 0;
  const start = async (picture: Image): Promise<Streamed<Image>> => {
    const place = { index: next++, picture };
    try {
      return { ...(await segment(picture)), ...place };
    } catch (error) {
      // A signal's reason may be an error of any code.
      if (onError === "throw" || signal?.aborted || !isOfPicture(error)) throw error;
      return { ...place, error };
    }
  };
  for await (const result of inOrder(images, inFlight, start, signal)) {
    if (typeof onError !== "function" || !result.error) yield result;
    else await abortable(Promise.resolve(onError(result)), signal);
  }
}
