/** What the plots share: their size, the variants' colours, and the key below them. */
import type { Frame } from "../axes.js";
import { escapeText, num, svgElement } from "../markup.js";
import type { Summary } from "../summary.js";
import { variantTitle } from "../titles.js";

/** Width of a plot in pixels. */
export const WIDTH = 560;

const LEFT = 52;
const RIGHT = 28;
/** Frame of plots with two axes. */
export const AXES_FRAME: Frame = { left: LEFT, top: 44, width: WIDTH - LEFT - RIGHT, height: 250 };
/** Top of the key in such a plot: below the tick labels and the name of the axis. */
export const AXES_KEY_TOP = AXES_FRAME.top + AXES_FRAME.height + 64;
/** Pixels from the middle of the key to the bottom of the plot. */
export const KEY_MARGIN = 16;

/** Number of colour classes; a fourth variant gets the first one again. */
const SERIES_COUNT = 3;

/** The colour class of a variant, by its place in the run. "all" is all of them over one backbone. */
export function seriesOf(summary: Summary, variant: string): string {
  if (variant === "all") return "all";
  const place = Math.max(0, summary.header.variants.indexOf(variant));
  return `s${place % SERIES_COUNT}`;
}

export interface KeyEntry {
  readonly series: string;
  readonly label: string;
  readonly mark: "fill" | "dash";
}

/** An entry with a filled dot for each variant. */
export const variantEntries = (summary: Summary): KeyEntry[] =>
  summary.variants.map(({ variant }) => ({
    series: seriesOf(summary, variant),
    label: variantTitle(variant),
    mark: "fill",
  }));

/** Pixels of a letter of a label, on average. */
const LETTER_WIDTH = 6.8;

/** Letters of a class's name that have room beside a plot. */
const NAME_LETTERS = 14;
/** From here on (CJK) letters are about twice as wide. */
const FIRST_WIDE = 0x2e80;

/** As much of a class's name as has room beside a plot. */
export function plotName(name: string): string {
  let room = NAME_LETTERS;
  let kept = "";
  for (const letter of name) {
    room -= (letter.codePointAt(0) ?? 0) < FIRST_WIDE ? 1 : 2;
    if (room < 0) return `${kept.trimEnd()}\u2026`;
    kept += letter;
  }
  return name;
}

/** A mark and its label for each entry, side by side. */
export function plotKey(entries: readonly KeyEntry[], left: number, top: number): string {
  let x = left;
  const groups = entries.map(({ series, label, mark }) => {
    const sign =
      mark === "dash"
        ? svgElement("path", { class: "line dash", d: `M${num(x)} ${num(top)}h14` })
        : svgElement("circle", { class: mark, cx: x + 6, cy: top, r: 5 });
    const text = svgElement("text", { class: "v", x: x + 18, y: top + 4 }, escapeText(label));
    x += 34 + label.length * LETTER_WIDTH;
    return svgElement("g", { class: series }, sign, text);
  });
  return groups.join("");
}

/** The `d` of a path through points. */
export const pathThrough = (points: readonly (readonly [x: number, y: number])[]): string =>
  `M${points.map(([x, y]) => `${num(x)} ${num(y)}`).join("L")}`;
