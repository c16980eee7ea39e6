/** What the plots share: their size, and the key below them. */
import type { Frame, PlotAxis } from "../axes.js";
import { escapeText, num, svgElement } from "../markup.js";
import { markOf, seriesOf } from "../series.js";
import type { Series } from "../series.js";
import type { Summary } from "../summary.js";
import { variantTitle } from "../titles.js";

/**
 * Width of a plot in pixels. Narrow, so that its letters can be read on a phone, to whose width a plot is scaled.
 */
export const WIDTH = 370;

const LEFT = 36;
const RIGHT = 24;
/** Frame of plots with two axes. */
export const AXES_FRAME: Frame = { left: LEFT, top: 40, width: WIDTH - LEFT - RIGHT, height: 230 };
/** Pixels of a digit of the widest usual font, and of the gap between a label and its axis, with a margin. */
const DIGIT_WIDTH = 7.7;
const LABEL_ROOM = 10;

/** The frame, narrower where the labels of its upright axis are long: a plot cuts off what lies left of it. */
export function frameBeside({ ticks, format }: PlotAxis): Frame {
  const longest = Math.max(...ticks.map((tick) => format(tick).length));
  const left = Math.max(LEFT, LABEL_ROOM + longest * DIGIT_WIDTH);
  return { ...AXES_FRAME, left, width: WIDTH - left - RIGHT };
}

/** Top of the key in such a plot: below the tick labels and the name of the axis. */
export const AXES_KEY_TOP = AXES_FRAME.top + AXES_FRAME.height + 64;
/** Pixels from the middle of the key to the bottom of the plot. */
export const KEY_MARGIN = 16;

export interface KeyEntry {
  readonly series: Series;
  readonly label: string;
  readonly mark: "fill" | "dash";
}

/** An entry with a filled mark for each variant. */
export const variantEntries = (summary: Summary): KeyEntry[] =>
  summary.variants.map(({ variant }) => ({
    series: seriesOf(summary.header, variant),
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
export const plotName = (name: string): string => fittedText(name, NAME_LETTERS);

/** As much of a text as has room for so many letters. */
function fittedText(name: string, letters: number): string {
  let room = letters;
  let kept = "";
  for (const letter of name) {
    room -= (letter.codePointAt(0) ?? 0) < FIRST_WIDE ? 1 : 2;
    if (room < 0) return `${kept.trimEnd()}\u2026`;
    kept += letter;
  }
  return name;
}

/** Letters of a label in a key. */
const LABEL_LETTERS = 36;
const KEY_LINE = 20;

export interface PlotKey {
  readonly body: string;
  /** Pixels from `top` to the middle of the last line. */
  readonly height: number;
}

/** A mark and its label for each entry, side by side, in as many lines as they need. */
export function plotKey(entries: readonly KeyEntry[], left: number, top: number): PlotKey {
  let x = left;
  let y = top;
  const groups = entries.map(({ series, label, mark }) => {
    const own = fittedText(label, LABEL_LETTERS);
    const width = 34 + own.length * LETTER_WIDTH;
    if (x > left && x + width > WIDTH) [x, y] = [left, y + KEY_LINE];
    const sign =
      mark === "dash"
        ? svgElement("path", { class: "line dash", d: `M${num(x)} ${num(y)}h14` })
        : markOf(series, [x + 6, y], { class: mark, size: 5 });
    const text = svgElement("text", { class: "v", x: x + 18, y: y + 4 }, escapeText(own));
    x += width;
    return svgElement("g", { class: series.colour }, sign, text);
  });
  return { body: groups.join(""), height: y - top };
}

/** Half the length of an error bar's ends. */
const CAP = 3;

/** A thin line from one end of an interval to the other, with a stroke at each end. It is level or upright. */
export function errorBar([x1, y1]: Point, [x2, y2]: Point): string {
  const [dx, dy] = y1 === y2 ? [0, CAP] : [CAP, 0];
  const cap = (x: number, y: number): string => `M${num(x - dx)} ${num(y - dy)}L${num(x + dx)} ${num(y + dy)}`;
  const d = `M${num(x1)} ${num(y1)}L${num(x2)} ${num(y2)}${cap(x1, y1)}${cap(x2, y2)}`;
  return svgElement("path", { class: "line", style: "stroke-width:1.2", d });
}

/** Pixels from the middle of a key to the first line below it, and from one line to the next. */
const NOTES_GAP = 26;
const NOTE_LINE = 17;

/**
 * Lines of text below a key.
 * @param keyEnd the middle of the key's last line
 */
export function footnotes(lines: readonly string[], keyEnd: number): PlotKey {
  const y = (i: number): number => keyEnd + NOTES_GAP + i * NOTE_LINE;
  const texts = lines.map((line, i) => svgElement("text", { x: AXES_FRAME.left, y: y(i) }, escapeText(line)));
  return { body: texts.join(""), height: lines.length ? NOTES_GAP + lines.length * NOTE_LINE : KEY_MARGIN };
}

type Point = readonly [x: number, y: number];

/** The `d` of a path through points. */
export const pathThrough = (points: readonly Point[]): string =>
  `M${points.map(([x, y]) => `${num(x)} ${num(y)}`).join("L")}`;
