/** A picture in memory: 8-bit rows of RGB or RGBA, from anywhere (a decoder, ImageData, a camera frame). */
import { FcnError } from "../base/errors.js";

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Rows from the top, pixels from the left, `channels` bytes a pixel. */
  readonly data: Uint8Array | Uint8ClampedArray;
  /** 3 (RGB) or 4 (RGBA); worked out from the length of `data` when left out. */
  readonly channels?: 3 | 4;
}

/** A checked picture with four channels. */
export interface RgbaPicture extends Picture {
  readonly channels: 4;
}

/** @throws bad-image with the numbers when sizes and data do not fit each other */
export function toRgba(picture: Picture, name = "picture"): RgbaPicture {
  if (typeof picture !== "object" || picture === null) {
    throw new FcnError(
      "bad-image",
      `${name}: got ${picture === null ? "null" : typeof picture}, needed { width, height, data }`,
    );
  }
  const { width, height, data } = picture;
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
    throw new FcnError("bad-image", `${name}: ${width} x ${height} is not a size of at least 1 x 1`);
  }
  if (!(data instanceof Uint8Array) && !(data instanceof Uint8ClampedArray)) {
    throw new FcnError("bad-image", `${name}: data must be a Uint8Array or Uint8ClampedArray of RGB or RGBA bytes`);
  }
  const channels = picture.channels ?? data.length / (width * height);
  if ((channels !== 3 && channels !== 4) || data.length !== width * height * channels) {
    const needed =
      picture.channels === undefined
        ? `${width * height * 3} (RGB) or ${width * height * 4} (RGBA)`
        : `${width * height * picture.channels}`;
    throw new FcnError("bad-image", `${name}: ${width} x ${height} needs ${needed} bytes, got ${data.length}`);
  }
  if (channels === 4) return { width, height, data, channels };
  const rgba = new Uint8Array(width * height * 4);
  for (let i = 0, from = 0; i < rgba.length; i += 4, from += 3) {
    rgba[i] = data[from] as number;
    rgba[i + 1] = data[from + 1] as number;
    rgba[i + 2] = data[from + 2] as number;
    rgba[i + 3] = 255;
  }
  return { width, height, data: rgba, channels: 4 };
}
