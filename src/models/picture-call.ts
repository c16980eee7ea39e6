/** The images of one call: held when it is made, read when its turn has come, and timed. */
import { abortable } from "../base/abort.js";
import { toRgba } from "../image/picture.js";
import type { Picture, RgbaPicture } from "../image/picture.js";

/** Decodes a picture when its turn has come. */
export type HeldImage = () => Picture | Promise<Picture>;
/**
 * Holds an image as it is at the moment of the call, because callers use their buffers and canvases again. A promise is
 * of an image that is downloaded first, which the signal ends.
 */
export type HoldImage<Image> = (image: Image, signal?: AbortSignal) => HeldImage | Promise<HeldImage>;

const ignore = (): void => undefined;

/** One image as pixels. An aborted caller is answered at once. @throws bad-image, the signal's reason */
export function readHeld<Image>(
  hold: HoldImage<Image>,
  image: Image,
  signal: AbortSignal | undefined,
): Promise<RgbaPicture> {
  const read = async (): Promise<RgbaPicture> => {
    signal?.throwIfAborted();
    return toRgba(await (await hold(image, signal))());
  };
  return abortable(read(), signal);
}

export class PictureCall {
  /** When the call was made, on the clock of performance.now(). */
  readonly called = performance.now();
  /** Milliseconds in which its pictures were copied, downloaded, read and decoded. */
  decode = 0;
  #held: readonly HeldImage[] = [];

  /**
   * A call with images as they are now; a promise where some are downloaded.
   * @throws bad-image, the signal's reason
   */
  static of<Image>(
    images: readonly Image[],
    hold: HoldImage<Image>,
    signal: AbortSignal | undefined,
  ): PictureCall | Promise<PictureCall> {
    const call = new PictureCall();
    const kept = Array.from(images, (image) => {
      const held = hold(image, signal);
      if (typeof held === "object") held.catch(ignore); // reported below, unless another image is refused before
      return held;
    });
    call.decode = performance.now() - call.called; // pixels were copied
    const take = (held: readonly HeldImage[]): PictureCall => {
      call.#held = held;
      return call;
    };
    const isHeld = (held: HeldImage | Promise<HeldImage>): held is HeldImage => typeof held === "function";
    if (kept.every(isHeld)) return take(kept);
    return call.#timed(abortable(Promise.all(kept.map((held) => Promise.resolve(held))), signal)).then(take);
  }

  /** @throws bad-image, missing-package */
  read(): Promise<RgbaPicture[]> {
    return this.#timed(Promise.all(this.#held.map(async (held) => toRgba(await held()))));
  }

  async #timed<T>(reading: Promise<T>): Promise<T> {
    const start = performance.now();
    const read = await reading;
    this.decode += performance.now() - start;
    return read;
  }
}
