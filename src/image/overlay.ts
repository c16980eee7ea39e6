/** Label maps as pictures: in the palette's colours, alone or over the picture. */
import { badOption } from "../base/errors.js";
import { checkOneOf, checkOptions, describeValue } from "../base/options.js";
import { checkPalette, checkedLabels } from "./label-checks.js";
import { BACKGROUND_LABEL, vocPalette } from "./palette.js";
import { toRgba } from "./picture.js";
import type { Picture, RgbaPicture } from "./picture.js";

/** How overlay() and legendOverlay() look. */
export interface OverlayOptions {
  /** Share of the class's colour, 0 to 1. Default 0.6. */
  readonly opacity?: number;
  /** 256 colours, three bytes (R, G, B) each. Default: PASCAL VOC's. */
  readonly palette?: Uint8Array;
  /** A darker line where classes meet. Default true. */
  readonly outline?: boolean;
  /** "grey" takes the colour out of the picture, so that only classes have colour. Default "picture". */
  readonly base?: "picture" | "grey";
}

const OVERLAY_KINDS = { opacity: "a number", palette: "a Uint8Array", outline: "a boolean", base: "a string" };

/**
 * A label map in colours: an opaque RGBA picture in which each pixel has its label's colour, the background too.
 *
 * @param labels one label (0 to 255) a pixel, row by row
 * @param width of the map, in pixels
 * @param height of the map, in pixels
 * @param palette 256 colours, three bytes (R, G, B) each. Default: PASCAL VOC's.
 * @throws FcnError bad-image when labels and size do not fit each other; bad-option for another kind of palette
 * @example
 * import { colourMap } from "fcn-webgpu/image";
 *
 * const { width, height, data } = colourMap(Uint8Array.of(0, 15), 2, 1);
 * console.log(width, height, data.join()); // prints 2 1 0,0,0,255,192,128,128,255
 */
export function colourMap(
  labels: ArrayLike<number>,
  width: number,
  height: number,
  palette: Uint8Array = vocPalette(),
): RgbaPicture {
  const map = checkedLabels("colourMap", labels, width, height);
  checkPalette("colourMap", palette);
  const data = new Uint8Array(width * height * 4);
  for (let i = 0; i < map.length; i++) {
    const at = (map[i] as number) * 3;
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
 * The classes over the picture, as RGBA of the picture's size. Background (label 0) stays as it is; void (255) is
 * shown. With opacity 0 nothing changes. The picture given is not written to.
 *
 * @param picture grey, RGB or RGBA, one byte a sample
 * @param labels one label (0 to 255) for each pixel of the picture, row by row
 * @throws FcnError bad-image when labels and picture do not fit each other; bad-option for wrong options
 * @example
 * import { overlay } from "fcn-webgpu/image";
 *
 * const grey = { width: 2, height: 1, data: Uint8Array.of(100, 100) };
 * const { data } = overlay(grey, Uint8Array.of(0, 15), { opacity: 0.5, outline: false });
 * console.log(data.join()); // prints 100,100,100,255,146,114,114,255
 */
export function overlay(picture: Picture, labels: ArrayLike<number>, options: OverlayOptions = {}): RgbaPicture {
  checkOptions("overlay(picture, labels, { opacity: ... })", options, OVERLAY_KINDS);
  const { opacity = 0.6, palette = vocPalette(), outline = true, base = "picture" } = options;
  if (!(opacity >= 0 && opacity <= 1))
    throw badOption(`overlay: opacity ${describeValue(opacity)} is not between 0 and 1`);
  checkOneOf("overlay: base", base, ["picture", "grey"]);
  checkPalette("overlay", palette);
  const { width, height, data } = toRgba(picture);
  const map = checkedLabels("overlay", labels, width, height);
  const out = base === "grey" ? greyed(data) : new Uint8Array(data);
  for (let i = 0; i < map.length; i++) {
    const label = map[i] as number;
    if (label === BACKGROUND_LABEL) continue;
    const isLine = outline && opacity > 0 && isEdge(map, width, i);
    for (let c = 0; c < 3; c++) {
      const at = i * 4 + c;
      const colour = palette[label * 3 + c] as number;
      const mixed = (out[at] as number) * (1 - opacity) + colour * opacity;
      out[at] = Math.round(isLine ? colour * OUTLINE_SHADE : mixed);
    }
  }
  return { width, height, data: out, channels: 4 };
}
