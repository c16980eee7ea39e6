/** A picture in memory: 8-bit rows of RGB or RGBA, from anywhere (a decoder, ImageData, a camera frame). */
import { FcnError } from "../base/errors.js";

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Rows from the top, pixels from the left, `channels` bytes a pixel. */
  readonly data: Uint8Array | Uint8ClampedArray;
  /** 3 (RGB) or 4 (RGBA). Without it, the length of `data` decides. */
  readonly channels?: 3 | 4;
}

/** A checked picture with four channels. */
export interface RgbaPicture extends Picture {
  readonly channels: 4;
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
  if (!isPictureSize(width, height)) throw badImage(name, `${width} x ${height} is not a size of at least 1 x 1`);
}

/** One value for each pixel, such as a label map. @throws bad-image with both counts otherwise */
export function checkValueCount(
  name: string,
  values: ArrayLike<number>,
  { width, height }: PictureSize,
  unit = "labels",
): void {
  if (values.length !== width * height)
    throw badImage(name, `${width} x ${height} needs ${width * height} ${unit}, got ${values.length}`);
}

/**
 * The picture with four channels. RGBA data is not copied.
 * @throws bad-image with the numbers when size and data do not fit each other
 */
export function toRgba(picture: Picture, name = "picture"): RgbaPicture {
  if (typeof picture !== "object" || picture === null) {
    throw badImage(name, `got ${picture === null ? "null" : typeof picture}, needed { width, height, data }`);
  }
  const { width, height, data } = picture;
  checkPictureSize(name, width, height);
  if (!(data instanceof Uint8Array) && !(data instanceof Uint8ClampedArray)) {
    throw badImage(name, "data must be a Uint8Array or Uint8ClampedArray of RGB or RGBA bytes");
  }
  const pixels = width * height;
  const channels = picture.channels ?? data.length / pixels;
  if ((channels !== 3 && channels !== 4) || data.length !== pixels * channels) {
    const needed =
      picture.channels === undefined ? `${pixels * 3} (RGB) or ${pixels * 4} (RGBA)` : `${pixels * picture.channels}`;
    throw badImage(name, `${width} x ${height} needs ${needed} bytes, got ${data.length}`);
  }
  return { width, height, data: channels === 4 ? data : withAlpha(data, pixels), channels: 4 };
}

function withAlpha(rgb: Uint8Array | Uint8ClampedArray, pixels: number): Uint8Array {
  const rgba = new Uint8Array(pixels * 4);
  for (let i = 0; i < pixels; i++) {
    const from = i * 3;
    const to = i * 4;
    rgba[to] = rgb[from] as number;
    rgba[to + 1] = rgb[from + 1] as number;
    rgba[to + 2] = rgb[from + 2] as number;
    rgba[to + 3] = 255;
  }
  return rgba;
}
