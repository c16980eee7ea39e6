/** Draws rectangles, pictures and text into RGBA, for figures. Browser-safe; needs no canvas element and no fonts. */
import type { Colour } from "./palette.js";
import { toRgba } from "./picture.js";
import type { Picture, RgbaPicture } from "./picture.js";
import { MAX_COVERAGE, ascent, glyphsOfText } from "./text.js";
import type { FontName, Glyph } from "./text.js";

/** Pixels; from the canvas's top left corner. */
export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Colour of text, unless another is given. */
const INK: Colour = [24, 27, 32];

/** Whatever reaches over the border is cut off. */
export class Canvas implements RgbaPicture {
  readonly channels = 4;
  readonly data: Uint8Array;

  constructor(
    readonly width: number,
    readonly height: number,
    background: Colour = [255, 255, 255],
  ) {
    this.data = new Uint8Array(width * height * 4);
    this.fill({ left: 0, top: 0, width, height }, background);
  }

  /** Covers the pixel with `share` (0 to 1) of the colour. */
  #mix(x: number, y: number, colour: Colour, share: number): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    const at = (y * this.width + x) * 4;
    for (let c = 0; c < 3; c++) {
      const below = this.data[at + c] as number;
      this.data[at + c] = Math.round(below * (1 - share) + (colour[c] as number) * share);
    }
    this.data[at + 3] = 255;
  }

  /** `share`: how much of the colour covers what is there, 0 to 1. */
  fill({ left, top, width, height }: Rectangle, colour: Colour, share = 1): void {
    if (left === 0 && width === this.width && share === 1) {
      this.#fillRows(top, top + height, colour);
      return;
    }
    for (let y = top; y < top + height; y++) {
      for (let x = left; x < left + width; x++) this.#mix(x, y, colour, share);
    }
  }

  /** Whole rows, such as every background, are filled four bytes at a time. */
  #fillRows(top: number, end: number, [red, green, blue]: Colour): void {
    const pixel = new Uint32Array(Uint8Array.of(red, green, blue, 255).buffer)[0] as number;
    const first = Math.max(0, top) * this.width;
    const last = Math.max(0, Math.min(this.height, end)) * this.width;
    new Uint32Array(this.data.buffer).fill(pixel, first, last);
  }

  /** A line one pixel wide just inside the rectangle. */
  frame({ left, top, width, height }: Rectangle, colour: Colour): void {
    this.fill({ left, top, width, height: 1 }, colour);
    this.fill({ left, top: top + height - 1, width, height: 1 }, colour);
    this.fill({ left, top: top + 1, width: 1, height: height - 2 }, colour);
    this.fill({ left: left + width - 1, top: top + 1, width: 1, height: height - 2 }, colour);
  }

  /** Draws a picture at its own size. */
  draw(picture: Picture, left: number, top: number): void {
    const { width, height, data } = toRgba(picture);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const i = (y * width + x) * 4;
        const colour = [data[i], data[i + 1], data[i + 2]] as [number, number, number];
        this.#mix(left + x, top + y, colour, (data[i + 3] as number) / 255);
      }
    }
  }

  /** Draws a line of text whose box starts at (left, top). Returns the x where the text ends. */
  text(
    text: string,
    left: number,
    top: number,
    options: { readonly font?: FontName; readonly colour?: Colour } = {},
  ): number {
    const { font = "body", colour = INK } = options;
    const baseline = top + ascent(font);
    let x = left;
    for (const glyph of glyphsOfText(text, font)) {
      this.#drawGlyph(glyph, x, baseline, colour);
      x += glyph.advance;
    }
    return x;
  }

  #drawGlyph({ left, top, width, coverage }: Glyph, x: number, baseline: number, colour: Colour): void {
    coverage.forEach((ink, i) => {
      if (ink === 0) return;
      const column = i % width;
      const row = Math.floor(i / width);
      this.#mix(x + left + column, baseline - top + row, colour, ink / MAX_COVERAGE);
    });
  }
}
