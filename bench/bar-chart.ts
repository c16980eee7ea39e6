/** Kernel results as SVG bars: the speed of every case. */
import { escapeText, num } from "../src/eval/markup.js";
import type { Plot } from "../src/eval/svg.js";
import { CHART_WIDTH, isTimed, legend, seriesClass, speedOf } from "./chart-series.js";
import { caseName } from "./kernel-row.js";
import type { KernelRow } from "./kernel-row.js";
import { threeDigits } from "./units.js";

/** The variant a plan takes for a case in one precision, and the other variants of that precision. */
interface Bar {
  readonly name: string;
  readonly row: KernelRow;
  readonly others: readonly KernelRow[];
}

/** Bars of one case together, f32 before f16; the case with the fastest bar first. */
function barsOf(timed: readonly KernelRow[]): Bar[] {
  const bars = timed
    .filter(({ chosen }) => chosen)
    .map((row): Bar => {
      const isOther = (r: KernelRow): boolean =>
        !r.chosen && r.kernel === row.kernel && r.case === row.case && r.precision === row.precision;
      return { name: caseName(row), row, others: timed.filter(isOther) };
    });
  const fastest = new Map<string, number>();
  for (const { name, row } of bars) fastest.set(name, Math.max(fastest.get(name) ?? 0, speedOf(row)));
  const fastestOf = ({ name }: Bar): number => fastest.get(name) ?? 0;
  return bars.sort((a, b) => fastestOf(b) - fastestOf(a) || b.row.precision.localeCompare(a.row.precision));
}

const BAR_PITCH = 20;
const BAR_HEIGHT = 14;
const BAR_TOP = 56;
/** Room for the value and the variant at the right of the longest bar. */
const BAR_VALUE_WIDTH = 130;
/** Width of a character of the labels. */
const CHARACTER_WIDTH = 6.6;

/** A bar with its value and variant, a mark for each other variant, and `label` at its left. */
function drawBar({ row, others }: Bar, label: string, top: number, x: (speed: number) => number): string {
  const [left, baseline] = [x(0), top + 11];
  const marks = others.map((other) => {
    const tip = `${other.variant}: ${threeDigits(speedOf(other))} GFLOP/s, ${threeDigits(other.ms)} ms`;
    const path = `M${num(x(speedOf(other)))} ${num(top)}v${BAR_HEIGHT}`;
    const colour = speedOf(other) < speedOf(row) ? "gap" : "axis"; // on the bar, the colour of the ground
    return `<path class="${colour}" d="${path}"><title>${escapeText(tip)}</title></path>`;
  });
  const name = `<text x="${num(left - 8)}" y="${num(baseline)}" text-anchor="end">${escapeText(label)}</text>`;
  const width = num(Math.max(1, x(speedOf(row)) - left));
  const bar = `<rect class="fill" x="${num(left)}" y="${num(top)}" width="${width}" height="${BAR_HEIGHT}" rx="2"/>`;
  const end = Math.max(speedOf(row), ...others.map(speedOf));
  const text = `${threeDigits(speedOf(row))}  ${escapeText(row.variant)}`;
  const value = `<text class="v" x="${num(x(end) + 6)}" y="${num(baseline)}">${text}</text>`;
  return `<g class="${seriesClass(row)}">${name}${bar}${marks.join("")}${value}</g>`;
}

/** The legend's entry for the lines. */
const otherMark = (x: number): string =>
  `<path class="axis" d="M${num(x)} 28v12"/><text class="v" x="${num(x + 8)}" y="38">another variant</text>`;

/** GFLOP/s of what a plan takes for each case, in either precision, fastest case first; the other variants as lines. */
export function barChart(rows: readonly KernelRow[], title: string): Plot {
  const timed = rows.filter(isTimed);
  const bars = barsOf(timed);
  const left = 24 + CHARACTER_WIDTH * Math.max(0, ...bars.map(({ name }) => name.length));
  const fastest = Math.max(1e-9, ...timed.map(speedOf));
  const x = (speed: number): number => left + (speed / fastest) * (CHART_WIDTH - left - BAR_VALUE_WIDTH);
  const drawn = bars.map((bar, i) => {
    const label = bar.name === bars[i - 1]?.name ? `(${bar.row.precision})` : bar.name;
    return drawBar(bar, label, BAR_TOP + i * BAR_PITCH, x);
  });
  const sentence = "GFLOP/s of the variant that networks take; lines: other variants of the same precision";
  const note = `<text x="12" y="16">${sentence}</text>${otherMark(470)}${legend("bar", 12, 38)}`;
  const height = BAR_TOP + bars.length * BAR_PITCH + 12;
  return { name: "kernels", title, width: CHART_WIDTH, height, body: note + drawn.join("") };
}
