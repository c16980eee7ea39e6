/** The little drawing that figures need: rectangles, pictures and text into RGBA. Browser-safe; no canvas element, no fonts. */
import { CHARACTERS, FONTS } from "./glyphs.js";
import type { Picture, RgbaPicture } from "./picture.js";
import { toRgba } from "./picture.js";

export type Colour = readonly [number, number, number];
export type FontName = keyof typeof FONTS;

interface Glyph {
  readonly advance: number;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** 0 to 15 a pixel. */
  readonly coverage: Uint8Array;
}

const fonts = new Map<FontName, Map<string, Glyph>>();

function glyphsOf(name: FontName): Map<string, Glyph> {
  const made = fonts.get(name);
  if (made) return made;
  const bytes = Uint8Array.from(atob(FONTS[name].data), (ch) => ch.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const glyphs = new Map<string, Glyph>();
  let at = 0;
  for (const character of CHARACTERS) {
    const [width, height] = [view.getUint8(at + 3), view.getUint8(at + 4)];
    const head = { advance: view.getUint8(at), left: view.getInt8(at + 1), top: view.getInt8(at + 2), width, height };
    at += 5;
    const coverage = new Uint8Array(width * height);
    for (let i = 0; i < coverage.length; i++) coverage[i] = ((bytes[at + (i >> 1)] as number) >> (i & 1 ? 0 : 4)) & 15;
    at += Math.ceil(coverage.length / 2);
    glyphs.set(character, { ...head, coverage });
  }
  fonts.set(name, glyphs);
  return glyphs;
}

const glyphOf = (glyphs: Map<string, Glyph>, character: string): Glyph => (glyphs.get(character) ?? glyphs.get("?")) as Glyph;

/** Pixels a line of text takes from left to right. Characters the fonts lack count as "?". */
export function textWidth(text: string, font: FontName = "body"): number {
  const glyphs = glyphsOf(font);
  return Array.from(text).reduce((sum, ch) => sum + glyphOf(glyphs, ch).advance, 0);
}

export const lineHeight = (font: FontName = "body"): number => FONTS[font].lineHeight;

/** As much of the text as fits, with "..." where it was cut. */
export function fitText(text: string, width: number, font: FontName = "body"): string {
  if (textWidth(text, font) <= width) return text;
  let cut = Array.from(text);
  while (cut.length && textWidth(`${cut.join("")}...`, font) > width) cut = cut.slice(0, -1);
  return `${cut.join("")}...`;
}

export class Canvas implements RgbaPicture {
  readonly channels = 4;
  readonly data: Uint8Array;

  constructor(
    readonly width: number,
    readonly height: number,
    background: Colour = [255, 255, 255],
  ) {
    this.data = new Uint8Array(width * height * 4);
    this.fill(0, 0, width, height, background);
  }

  #mix(x: number, y: number, colour: Colour, share: number): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    const i = (y * this.width + x) * 4;
    for (let c = 0; c < 3; c++) this.data[i + c] = Math.round((this.data[i + c] as number) * (1 - share) + (colour[c] as number) * share);
    this.data[i + 3] = 255;
  }

  fill(left: number, top: number, width: number, height: number, colour: Colour, share = 1): void {
    for (let y = top; y < top + height; y++) for (let x = left; x < left + width; x++) this.#mix(x, y, colour, share);
  }

  /** A frame one pixel wide just inside the rectangle. */
  frame(left: number, top: number, width: number, height: number, colour: Colour): void {
    this.fill(left, top, width, 1, colour);
    this.fill(left, top + height - 1, width, 1, colour);
    this.fill(left, top + 1, 1, height - 2, colour);
    this.fill(left + width - 1, top + 1, 1, height - 2, colour);
  }

  /** A picture at its own size. */
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

  /** Text whose line box starts at (left, top). Gives the x where it ended. */
  text(text: string, left: number, top: number, options: { readonly font?: FontName; readonly colour?: Colour } = {}): number {
    const { font = "body", colour = [24, 27, 32] } = options;
    const glyphs = glyphsOf(font);
    const baseline = top + FONTS[font].ascent;
    let x = left;
    for (const character of text) {
      const glyph = glyphOf(glyphs, character);
      glyph.coverage.forEach((v, i) => {
        if (v) this.#mix(x + glyph.left + (i % glyph.width), baseline - glyph.top + Math.floor(i / glyph.width), colour, v / 15);
      });
      x += glyph.advance;
    }
    return x;
  }
}

/** A picture made smaller by averaging the area each new pixel covers, or larger by repeating pixels. */
export function scaled(picture: Picture, width: number, height: number): RgbaPicture {
  const from = toRgba(picture);
  const data = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    const [y0, y1] = span(y, height, from.height);
    for (let x = 0; x < width; x++) {
      const [x0, x1] = span(x, width, from.width);
      const sums = [0, 0, 0, 0];
      for (let sy = y0; sy < y1; sy++) {
        for (let sx = x0; sx < x1; sx++) for (let c = 0; c < 4; c++) sums[c] = (sums[c] as number) + (from.data[(sy * from.width + sx) * 4 + c] as number);
      }
      for (let c = 0; c < 4; c++) data[(y * width + x) * 4 + c] = Math.round((sums[c] as number) / ((y1 - y0) * (x1 - x0)));
    }
  }
  return { width, height, data, channels: 4 };
}

function span(index: number, size: number, source: number): [number, number] {
  const start = Math.floor((index * source) / size);
  return [start, Math.max(start + 1, Math.floor(((index + 1) * source) / size))];
}
