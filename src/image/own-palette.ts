/** Palettes of a caller's own colours, and colours as CSS writes them. Browser-safe. */
import { badOption } from "../base/errors.js";
import { describeValue, typeName } from "../base/options.js";
import { MAX_LABEL, checkLabel, checkPalette } from "./label-checks.js";
import { colourOf, vocPalette } from "./palette.js";
import type { Colour } from "./palette.js";

/** "#rrggbb", or red, green and blue from 0 to 255. @throws bad-option */
function bytesOf(colour: Colour | string, label: number): readonly number[] {
  const what = `paletteOf: colour ${label}`;
  if (typeof colour === "string") {
    if (!/^#[0-9a-f]{6}$/i.test(colour)) throw badOption(`${what} is "${colour}"; write it as #rrggbb`);
    return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  }
  const isBytes =
    Array.isArray(colour) &&
    colour.length === 3 &&
    Array.from(colour).every((value) => Number.isInteger(value) && value >= 0 && value <= 255);
  if (isBytes) return colour;
  const got = Array.isArray(colour) ? `[${Array.from(colour, describeValue).join(", ")}]` : typeName(colour);
  throw badOption(`${what} is ${got}; write it as [red, green, blue] with whole numbers from 0 to 255`);
}

/**
 * Your own palette for overlays, legends and label PNGs: 256 colours of three bytes each (R, G, B). Labels
 * beyond the given colours have PASCAL VOC's.
 *
 * @param colours by label, from the background (0) on: "#rrggbb", or [red, green, blue] from 0 to 255. At most 256.
 * @throws FcnError bad-option for what is not a colour, and for more than 256
 * @example
 * import { classColour, paletteOf } from "fcn-webgpu/image";
 *
 * const palette = paletteOf(["#000000", [255, 128, 0]]);
 * console.log(classColour(1, palette), classColour(2, palette)); // prints #ff8000 #008000
 */
export function paletteOf(colours: readonly (Colour | string)[]): Uint8Array<ArrayBuffer> {
  if (!Array.isArray(colours) || colours.length > MAX_LABEL + 1) {
    const got = Array.isArray(colours) ? `${colours.length} colours` : typeName(colours);
    throw badOption(`paletteOf: it takes an array of at most ${MAX_LABEL + 1} colours, got ${got}`);
  }
  const palette = vocPalette();
  Array.from(colours as readonly (Colour | string)[]).forEach((colour, label) =>
    palette.set(bytesOf(colour, label), label * 3),
  );
  return palette;
}

/**
 * A label's colour as CSS and HTML write it: `#rrggbb`.
 *
 * @param index the label, 0 to 255
 * @param palette 256 colours, three bytes (R, G, B) each. Default: PASCAL VOC's.
 * @throws FcnError bad-option for what is not a label or not a palette
 * @example
 * import { classColour } from "fcn-webgpu/image";
 *
 * console.log(classColour(15)); // prints #c08080
 */
export function classColour(index: number, palette: Uint8Array = vocPalette()): string {
  checkLabel("classColour", index);
  checkPalette("classColour", palette);
  return `#${colourOf(palette, index)
    .map((value) => value.toString(16).padStart(2, "0"))
    .join("")}`;
}
