/** Streams of pictures: what segmentAll() takes and gives. The work is done by extras/segment-stream.ts. */
import { ABORTABLE_KINDS } from "../base/abort.js";
import type { Abortable } from "../base/abort.js";
import type { FcnError } from "../base/errors.js";
import { checkCount, checkOneOf, checkOptions } from "../base/options.js";
import type { Kinds } from "../base/options.js";
import { importExtras } from "./extras/import-extras.js";
import { checkIterable } from "./many-pictures.js";
import type { Segmentation } from "./segmentation.js";

/** Which picture of a stream it is. */
export interface StreamPlace<Image> {
  /** Place in the sequence of pictures, from 0. */
  readonly index: number;
  /** The picture as it was given: the same path, Blob or object. */
  readonly picture: Image;
}

/** The result for one picture of a stream. */
export interface StreamedSegmentation<Image> extends Segmentation, StreamPlace<Image> {
  /** Never there, so that it tells results from failures. */
  readonly error?: undefined;
}

/** A picture of a stream that has no result, because of itself: other pictures may be fine. */
export interface FailedPicture<Image> extends StreamPlace<Image> {
  /** Its code is bad-image, missing-package, limit-too-small or out-of-memory. */
  readonly error: FcnError;
}

/** What becomes of a picture that fails. */
export type OnError<Image> = "throw" | "continue" | ((failure: FailedPicture<Image>) => void | Promise<void>);

/** How segmentAll() goes through its pictures. */
export interface StreamOptions<Image, Mode extends OnError<Image> = OnError<Image>> extends Abortable {
  /** Most pictures that are held at once, read or unread. Default 3. */
  readonly inFlight?: number;
  /**
   * What becomes of a picture that cannot be read, or is too large for the device. "throw", the default: its error ends
   * the stream. "continue": the stream yields the failure in its place, and goes on. A function: gets the failure in
   * its place, and the stream goes on without it; the stream waits for a promise that it returns, and ends with an
   * error that it throws. Other errors always end the stream: those of the source, of the signal, of a device that was
   * lost or a model that was disposed of.
   */
  readonly onError?: Mode;
}

/** What a stream yields: failures too where they were asked for. */
export type StreamResult<Image, Mode> =
  StreamedSegmentation<Image> | ("continue" extends Mode ? FailedPicture<Image> : never);

/** A stream that was checked. */
export interface Stream<Image> extends Required<Pick<StreamOptions<Image>, "inFlight" | "onError">> {
  readonly images: Iterable<Image> | AsyncIterable<Image>;
  readonly signal: AbortSignal | undefined;
  /** Segments one picture. */
  readonly segment: (image: Image) => Promise<Segmentation>;
}

/** A result of any stream. */
export type Streamed<Image> = StreamResult<Image, "continue">;

const KINDS: Kinds<StreamOptions<unknown>> = {
  ...ABORTABLE_KINDS,
  inFlight: "a number",
  onError: "a string or function",
};

/** The results for `images`. Work begins when the first is asked for. @throws bad-image, bad-option */
export function streamOf<Image, Mode extends OnError<Image>>(
  images: Iterable<Image> | AsyncIterable<Image>,
  options: StreamOptions<Image, Mode>,
  segment: (image: Image) => Promise<Segmentation>,
): AsyncGenerator<StreamResult<Image, Mode>, void, undefined> {
  checkOptions("segmentAll(pictures, { inFlight: ... })", options, KINDS);
  const { inFlight = 3, signal } = options;
  const onError: OnError<Image> = options.onError ?? "throw";
  checkIterable(images);
  checkCount("inFlight", inFlight);
  if (typeof onError !== "function") checkOneOf<OnError<Image>>("onError", onError, ["throw", "continue"]);
  const stream = { images, inFlight, onError, signal, segment };
  return loaded(stream) as AsyncGenerator<StreamResult<Image, Mode>, void, undefined>;
}

async function* loaded<Image>(stream: Stream<Image>): AsyncGenerator<Streamed<Image>, void, undefined> {
  yield* (await importExtras()).segmentStream(stream);
}
