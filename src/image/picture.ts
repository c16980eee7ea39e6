/** A picture in memory: 8-bit rows of grey, RGB or RGBA, from anywhere (a decoder, ImageData, a camera frame). */
import { FcnError } from "../base/errors.js";
import { describeValue, typeName } from "../base/options.js";

/** A picture in memory: 8-bit rows of grey, RGB or RGBA. ImageData is one; so is what `readPicture` gives. */
export interface Picture {
  /** Pixels of a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Rows from the top, pixels from the left, `channels` bytes a pixel. */
  readonly data: Uint8Array | Uint8ClampedArray;
  /** 1 (grey), 3 (RGB) or 4 (RGBA). Without it, the length of `data` decides. */
  readonly channels?: 1 | 3 | 4;
}

/** A checked picture with four channels: R, G, B and alpha, a byte each. */
export interface RgbaPicture extends Picture {
  /** 4: R, G, B and alpha. */
  readonly channels: 4;
  /**
   * The same picture at the size in which it goes to the GPU, where a thread has made it already. `data` may be empty
   * then: what goes to the GPU is enough for labels.
   */
  readonly shrunk?: RgbaPicture | undefined;
}

/** Width and height in pixels. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** A bad-image error; `name` says which picture: a file's name, or what it is for. */
export function badImage(name: string, sentence: string, cause?: unknown): FcnError {
  return new FcnError("bad-image", `${name}: ${sentence}`, cause === undefined ? undefined : { cause });
}

/** True for whole numbers of 1 or more. */
export const isPictureSize = (width: number, height: number): boolean =>
  [width, height].every((side) => Number.isInteger(side) && side >= 1);

/** @throws bad-image unless both sides are whole numbers of 1 or more */
export function checkPictureSize(name: string, width: number, height: number): void {
  if (!isPictureSize(width, height))
    throw badImage(name, `${describeValue(width)} x ${describeValue(height)} is not a size of at least 1 x 1`);
}

/** One value for each pixel, such as a label map. @throws bad-image with both counts otherwise */
export function checkValueCount(
  name: string,
  values: ArrayLike<number>,
  { width, height }: PictureSize,
  unit = "labels",
): void {
  const count = (values as ArrayLike<number> | undefined)?.length;
  if (count !== width * height)
    throw badImage(name, `${width} x ${height} needs ${width * height} ${unit}, got ${describeValue(count)}`);
}

/** Bytes of pixels, also those that another frame, worker or vm context made: its classes are not those of here. */
const isPixelData = (data: unknown): boolean => /^Uint8(Clamped)?Array$/.test(typeName(data));

/** The bytes of a file: an array or a view of any type, such as a Buffer. */
export type FileBytes = ArrayBufferLike | ArrayBufferView;

/** The bytes of a buffer or a view, not copied; undefined for anything else. One that was transferred has none. */
export function bytesIn(value: unknown): Uint8Array | undefined {
  if (!ArrayBuffer.isView(value) && !/^(Shared)?ArrayBuffer$/.test(typeName(value))) return undefined;
  const { buffer = value as ArrayBuffer, byteOffset, byteLength } = value as Partial<Uint8Array>;
  return byteLength ? new Uint8Array(buffer, byteOffset, byteLength) : new Uint8Array();
}

/** The bytes as they are now; callers refill their buffers while a call waits. */
export const copiedBytes = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);

/**
 * A picture whose pixels are copied at once, but not those of threads, which nobody changes. What is not a picture is
 * refused when it is used.
 */
export function heldPixels(image: Picture): () => Picture {
  const { width, height, channels, data, shrunk } = (image ?? {}) as Partial<RgbaPicture>;
  const held =
    isPixelData(data) && (data as Uint8Array).length && !shrunk
      ? ({ width, height, channels, data: copiedBytes(data as Uint8Array) } as Picture)
      : image;
  return () => held;
}

/**
 * The picture with four channels. RGBA data is not copied.
 * @throws bad-image with the numbers when size and data do not fit each other
 */
export function toRgba(picture: Picture, name = "picture"): RgbaPicture {
  if (typeof picture !== "object" || picture === null || !("data" in picture)) {
    throw badImage(name, `got ${typeName(picture)}, needed { width, height, data }`);
  }
  const { width, height, data } = picture;
  checkPictureSize(name, width, height);
  if (!isPixelData(data)) {
    throw badImage(name, `data must be a Uint8Array or Uint8ClampedArray, got ${typeName(data)}`);
  }
  const { shrunk } = picture as RgbaPicture;
  if (shrunk && !data.length) return picture as RgbaPicture;
  const pixels = width * height;
  const channels = picture.channels ?? data.length / pixels;
  const isKnown = [1, 3, 4].includes(channels);
  if (!isKnown || data.length !== pixels * channels) {
    const needed = isKnown ? pixels * channels : `${pixels} (grey), ${pixels * 3} (RGB) or ${pixels * 4} (RGBA)`;
    throw badImage(
      name,
      `${width} x ${height} needs ${needed} bytes, got ${data.length || "0: the buffer is empty, or was transferred"}`,
    );
  }
  return { width, height, data: channels === 4 ? data : withAlpha(data, pixels, channels), channels: 4, shrunk };
}

/** RGBA of RGB or grey pixels. */
function withAlpha(data: ArrayLike<number>, pixels: number, channels: number): Uint8Array {
  const rgba = new Uint8Array(pixels * 4);
  const next = channels === 3 ? 1 : 0; // grey is its own green and blue
  for (let i = 0; i < pixels; i++) {
    const from = i * channels;
    const to = i * 4;
    rgba[to] = data[from] as number;
    rgba[to + 1] = data[from + next] as number;
    rgba[to + 2] = data[from + 2 * next] as number;
    rgba[to + 3] = 255;
  }
  return rgba;
}
