/** Text for figures: three sizes of one typeface as bitmaps, so that no font needs to be installed. Browser-safe. */
import { CHARACTERS, FONTS } from "./glyphs.generated.js";

export type FontName = keyof typeof FONTS;

/** One character as a bitmap. */
export interface Glyph {
  /** Pixels from the start of this character to the start of the next. */
  readonly advance: number;
  /** The bitmap's first column, from the start of the character. */
  readonly left: number;
  /** The bitmap's first row, counted from the baseline up. */
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Ink of each pixel, 0 to MAX_COVERAGE. */
  readonly coverage: Uint8Array;
}

export const MAX_COVERAGE = 15;

/** Bytes of a glyph before its bitmap: advance, left, top, width, height. */
const HEAD_BYTES = 5;

const fonts = new Map<FontName, Map<string, Glyph>>();

/** Unpacks a font at its first use. */
function glyphsOfFont(name: FontName): Map<string, Glyph> {
  const known = fonts.get(name);
  if (known) return known;
  const bytes = Uint8Array.from(atob(FONTS[name].data), (ch) => ch.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const glyphs = new Map<string, Glyph>();
  let at = 0;
  for (const character of CHARACTERS) {
    const width = view.getUint8(at + 3);
    const height = view.getUint8(at + 4);
    glyphs.set(character, {
      advance: view.getUint8(at),
      left: view.getInt8(at + 1),
      top: view.getInt8(at + 2),
      width,
      height,
      coverage: unpackHalfBytes(bytes.subarray(at + HEAD_BYTES), width * height),
    });
    at += HEAD_BYTES + Math.ceil((width * height) / 2);
  }
  fonts.set(name, glyphs);
  return glyphs;
}

/** Two values of 4 bits a byte, the first in the high half. */
function unpackHalfBytes(packed: Uint8Array, count: number): Uint8Array {
  const values = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const byte = packed[i >> 1] as number;
    values[i] = i % 2 === 0 ? byte >> 4 : byte & 15;
  }
  return values;
}

/** Characters with their marks. File names on macOS keep letter and mark apart; NFC joins them. */
const lettersOf = (text: string): string[] => Array.from(text.normalize("NFC"));

/** Letters with marks lose the marks ("é" is drawn as "e"). A character that the fonts lack is drawn as "?". */
function glyphOf(glyphs: Map<string, Glyph>, letter: string): Glyph {
  const bareLetter = letter.normalize("NFD").charAt(0);
  return (glyphs.get(letter) ?? glyphs.get(bareLetter) ?? glyphs.get("?")) as Glyph;
}

/** The glyphs of a line of text, from left to right. */
export function glyphsOfText(text: string, font: FontName): Glyph[] {
  const glyphs = glyphsOfFont(font);
  return lettersOf(text).map((letter) => glyphOf(glyphs, letter));
}

/** Pixels from the top of a line to its baseline. */
export const ascent = (font: FontName): number => FONTS[font].ascent;

/** Pixels from one line of text to the next. */
export const lineHeight = (font: FontName = "body"): number => FONTS[font].lineHeight;

/** Pixels that a line of text takes from left to right. */
export const textWidth = (text: string, font: FontName = "body"): number =>
  glyphsOfText(text, font).reduce((sum, glyph) => sum + glyph.advance, 0);

/** As much of the text as fits into `width` pixels, with "..." where it was cut. */
export function fitText(text: string, width: number, font: FontName = "body"): string {
  if (textWidth(text, font) <= width) return text;
  const room = width - textWidth("...", font);
  const kept: string[] = [];
  let used = 0;
  for (const letter of lettersOf(text)) {
    used += textWidth(letter, font);
    if (used > room) break;
    kept.push(letter);
  }
  return `${kept.join("")}...`;
}
