/** The little drawing that figures need: rectangles, pictures and text into RGBA. Browser-safe; no canvas element, no fonts. */
import { CHARACTERS, FONTS } from "./glyphs.generated.js";
import { toRgba } from "./picture.js";
import type { Picture, RgbaPicture } from "./picture.js";

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

/** Letters with marks lose the marks ("é" is drawn as "e"); what the fonts lack altogether is drawn as "?". */
const glyphOf = (glyphs: Map<string, Glyph>, character: string): Glyph =>
  (glyphs.get(character) ?? glyphs.get(character.normalize("NFD").charAt(0)) ?? glyphs.get("?")) as Glyph;

/** Characters, each with its marks: file names on macOS hold them apart. */
const lettersOf = (text: string): string[] => Array.from(text.normalize("NFC"));

/** Pixels a line of text takes from left to right. */
export function textWidth(text: string, font: FontName = "body"): number {
  const glyphs = glyphsOf(font);
  return lettersOf(text).reduce((sum, ch) => sum + glyphOf(glyphs, ch).advance, 0);
}

export const lineHeight = (font: FontName = "body"): number => FONTS[font].lineHeight;

/** As much of the text as fits, with "..." where it was cut. */
export function fitText(text: string, width: number, font: FontName = "body"): string {
  if (textWidth(text, font) <= width) return text;
  let cut = lettersOf(text);
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
    for (let c = 0; c < 3; c++)
      this.data[i + c] = Math.round((this.data[i + c] as number) * (1 - share) + (colour[c] as number) * share);
    this.data[i + 3] = 255;
  }

  fill(left: number, top: number, width: number, height: number, colour: Colour, share = 1): void {
    if (left === 0 && width === this.width && share === 1) {
      // Whole rows, such as the ground of everything: four bytes at a time.
      const [r, g, b] = colour;
      const pixel = new Uint32Array(Uint8Array.of(r, g, b, 255).buffer)[0] as number;
      new Uint32Array(this.data.buffer).fill(
        pixel,
        Math.max(0, top) * width,
        Math.max(0, Math.min(this.height, top + height)) * width,
      );
      return;
    }
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
  text(
    text: string,
    left: number,
    top: number,
    options: { readonly font?: FontName; readonly colour?: Colour } = {},
  ): number {
    const { font = "body", colour = [24, 27, 32] } = options;
    const glyphs = glyphsOf(font);
    const baseline = top + FONTS[font].ascent;
    let x = left;
    for (const character of lettersOf(text)) {
      const glyph = glyphOf(glyphs, character);
      glyph.coverage.forEach((v, i) => {
        if (v)
          this.#mix(
            x + glyph.left + (i % glyph.width),
            baseline - glyph.top + Math.floor(i / glyph.width),
            colour,
            v / 15,
          );
      });
      x += glyph.advance;
    }
    return x;
  }
}

/** A picture made smaller by averaging the area each new pixel covers, or larger by repeating pixels. */
export function scaled(picture: Picture, width: number, height: number): RgbaPicture {
  const from = toRgba(picture);
  if (from.width === width && from.height === height) return from;
  // Columns, then rows; plain loops, because photographs have millions of pixels.
  const rows = new Float32Array(width * from.height * 4);
  const columns = cover(width, from.width);
  for (let y = 0, to = 0; y < from.height; y++) {
    for (let x = 0; x < width; x++, to += 4) {
      const { first, weights } = columns[x] as Cover;
      let [r, g, b, a] = [0, 0, 0, 0];
      for (let k = 0, at = (y * from.width + first) * 4; k < weights.length; k++, at += 4) {
        const weight = weights[k] as number;
        r += weight * (from.data[at] as number);
        g += weight * (from.data[at + 1] as number);
        b += weight * (from.data[at + 2] as number);
        a += weight * (from.data[at + 3] as number);
      }
      rows[to] = r;
      rows[to + 1] = g;
      rows[to + 2] = b;
      rows[to + 3] = a;
    }
  }
  const data = new Uint8ClampedArray(width * height * 4); // rounds to nearest
  const line = width * 4;
  const sums = new Float64Array(line);
  cover(height, from.height).forEach(({ first, weights }, y) => {
    sums.fill(0);
    for (let k = 0, at = first * line; k < weights.length; k++) {
      const weight = weights[k] as number;
      for (let i = 0; i < line; i++, at++) sums[i] = (sums[i] as number) + weight * (rows[at] as number);
    }
    data.set(sums, y * line);
  });
  return { width, height, data, channels: 4 };
}

interface Cover {
  readonly first: number;
  readonly weights: Float64Array;
}

/** For each new pixel the old ones it covers, and what share of it each is. */
function cover(size: number, source: number): Cover[] {
  return Array.from({ length: size }, (_, i) => {
    const [from, to] = [(i * source) / size, ((i + 1) * source) / size];
    const first = Math.floor(from);
    const last = Math.max(first, Math.min(source, Math.ceil(to - 1e-9)) - 1);
    return {
      first,
      weights: Float64Array.from(
        { length: last - first + 1 },
        (__, k) => (Math.min(first + k + 1, to) - Math.max(first + k, from)) / (to - from),
      ),
    };
  });
}

/** A label map at another size, from the nearest pixels: labels cannot be averaged. */
export function scaledLabels(
  labels: ArrayLike<number>,
  from: { readonly width: number; readonly height: number },
  width: number,
  height: number,
): Uint8Array {
  const out = new Uint8Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * from.height) / height) * from.width;
    for (let x = 0; x < width; x++, i++) out[i] = labels[row + Math.floor(((x + 0.5) * from.width) / width)] as number;
  }
  return out;
}
