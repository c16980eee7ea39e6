/** Label maps as pictures: in the palette's colours, alone or over the picture. */
import { badOption } from "../base/errors.js";
import { BACKGROUND_LABEL, vocPalette } from "./palette.js";
import { checkValueCount, toRgba } from "./picture.js";
import type { Picture, RgbaPicture } from "./picture.js";

export interface OverlayOptions {
  /** Share of the class's colour, 0 to 1. Default 0.6. */
  readonly opacity?: number;
  /** 256 colours, R G B each. Default PASCAL VOC's. */
  readonly palette?: Uint8Array;
  /** A darker line where classes meet. Default true. */
  readonly outline?: boolean;
  /** "grey" takes the colour out of the picture, so that only classes have colour. Default "picture". */
  readonly base?: "picture" | "grey";
}

/** Each label in its colour. @throws bad-image when the labels do not fit the size */
export function colourMap(
  labels: ArrayLike<number>,
  width: number,
  height: number,
  palette = vocPalette(),
): RgbaPicture {
  checkValueCount("overlay", labels, { width, height });
  const data = new Uint8Array(width * height * 4);
  for (let i = 0; i < labels.length; i++) {
    const at = (labels[i] as number) * 3;
    data.set(palette.subarray(at, at + 3), i * 4);
    data[i * 4 + 3] = 255;
  }
  return { width, height, data, channels: 4 };
}

/** Greys from 145 (black) to 252 (white): all paler than the grey that is the colour of class car (128). */
const GREY_OF_BLACK = 145;
const GREY_PER_LUMA = 0.42;

/** The picture in pale grey, as a ground for colours. Luma as in ITU-R BT.709. */
function greyed(data: ArrayLike<number>): Uint8Array {
  const out = new Uint8Array(data.length);
  for (let i = 0; i < out.length; i += 4) {
    const luma = 0.2126 * (data[i] as number) + 0.7152 * (data[i + 1] as number) + 0.0722 * (data[i + 2] as number);
    out.fill(Math.round(GREY_OF_BLACK + luma * GREY_PER_LUMA), i, i + 3);
    out[i + 3] = data[i + 3] as number;
  }
  return out;
}

/** True where one of the 4 neighbours has another label. */
function isEdge(labels: ArrayLike<number>, width: number, i: number): boolean {
  const x = i % width;
  const label = labels[i];
  return (
    (x > 0 && labels[i - 1] !== label) ||
    (x < width - 1 && labels[i + 1] !== label) ||
    (i >= width && labels[i - width] !== label) ||
    (i + width < labels.length && labels[i + width] !== label)
  );
}

/** How dark an outline is, as a share of its class's colour. */
const OUTLINE_SHADE = 0.55;

/**
 * The classes over the picture. Background (class 0) stays as it is; void is shown. With opacity 0 nothing changes.
 * @throws bad-image when the labels do not fit the picture; bad-option when the opacity is not between 0 and 1
 */
export function overlay(picture: Picture, labels: ArrayLike<number>, options: OverlayOptions = {}): RgbaPicture {
  const { opacity = 0.6, palette = vocPalette(), outline = true, base = "picture" } = options;
  if (!(opacity >= 0 && opacity <= 1)) throw badOption(`overlay: opacity ${opacity} is not between 0 and 1`);
  const { width, height, data } = toRgba(picture);
  checkValueCount("overlay", labels, { width, height });
  const out = base === "grey" ? greyed(data) : new Uint8Array(data);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] as number;
    if (label === BACKGROUND_LABEL) continue;
    const isLine = outline && opacity > 0 && isEdge(labels, width, i);
    for (let c = 0; c < 3; c++) {
      const at = i * 4 + c;
      const colour = palette[label * 3 + c] as number;
      const mixed = (out[at] as number) * (1 - opacity) + colour * opacity;
      out[at] = Math.round(isLine ? colour * OUTLINE_SHADE : mixed);
    }
  }
  return { width, height, data: out, channels: 4 };
}
