/**
 * Kernel results as SVG: speed of every case in bars, and speed over operations per byte under the adapter's own roof.
 */
import { axes } from "../src/eval/axes.js";
import { escapeText, num } from "../src/eval/markup.js";
import type { Plot } from "../src/eval/svg.js";
import type { Ceilings } from "./ceilings.js";
import type { KernelRow } from "./kernel-row.js";
import { gigaPerSecond, threeDigits } from "./units.js";

const WIDTH = 760;

/** Classes of the plots' colours. */
const SERIES = { convolution: "s2", other: "s0", f16: "all" } as const;
const SERIES_NAMES = { convolution: "convolutions, f32", other: "others, f32", f16: "stored as f16" } as const;

function seriesOf({ kernel, precision }: KernelRow): string {
  if (precision === "f16") return SERIES.f16;
  return kernel.startsWith("conv") && kernel !== "convert" ? SERIES.convolution : SERIES.other;
}

/** GFLOP/s. */
const speedOf = ({ flops, ms }: KernelRow): number => gigaPerSecond(flops, ms);

const isTimed = ({ failed, flops }: KernelRow): boolean => failed === undefined && flops > 0;

/** A dot and a name for each series, from `left` on. */
function key(left: number, y: number): string {
  const width = 150;
  const entries = Object.entries(SERIES_NAMES).map(([series, name], i) => {
    const x = left + i * width;
    const dot = `<circle class="ring" cx="${num(x + 6)}" cy="${num(y - 4)}" r="5"/>`;
    const text = `<text class="v" x="${num(x + 18)}" y="${num(y)}">${name}</text>`;
    return `<g class="${SERIES[series as keyof typeof SERIES]}">${dot}${text}</g>`;
  });
  return entries.join("");
}

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
      return { name: `${row.kernel}: ${row.case}`, row, others: timed.filter(isOther) };
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
    return `<path class="axis" d="${path}"><title>${escapeText(tip)}</title></path>`;
  });
  const name = label && `<text x="${num(left - 8)}" y="${num(baseline)}" text-anchor="end">${escapeText(label)}</text>`;
  const width = num(Math.max(1, x(speedOf(row)) - left));
  const bar = `<rect class="fill" x="${num(left)}" y="${num(top)}" width="${width}" height="${BAR_HEIGHT}" rx="2"/>`;
  const end = Math.max(speedOf(row), ...others.map(speedOf));
  const text = `${threeDigits(speedOf(row))}  ${escapeText(row.variant)}`;
  const value = `<text class="v" x="${num(x(end) + 6)}" y="${num(baseline)}">${text}</text>`;
  return `<g class="${seriesOf(row)}">${name}${bar}${marks.join("")}${value}</g>`;
}

/** GFLOP/s of what a plan takes for each case, in either precision, fastest case first; the other variants as lines. */
export function barChart(rows: readonly KernelRow[], title: string): Plot {
  const timed = rows.filter(isTimed);
  const bars = barsOf(timed);
  const left = 24 + CHARACTER_WIDTH * Math.max(0, ...bars.map(({ name }) => name.length));
  const fastest = Math.max(1e-9, ...timed.map(speedOf));
  const x = (speed: number): number => left + (speed / fastest) * (WIDTH - left - BAR_VALUE_WIDTH);
  const drawn = bars.map((bar, i) => {
    const label = bar.name === bars[i - 1]?.name ? "" : bar.name;
    return drawBar(bar, label, BAR_TOP + i * BAR_PITCH, x);
  });
  const sentence = "GFLOP/s of the variant a plan takes; lines are the other variants of the same precision";
  const note = `<text x="12" y="16">${sentence}</text>${key(12, 38)}`;
  const height = BAR_TOP + bars.length * BAR_PITCH + 12;
  return { name: "kernels", title, width: WIDTH, height, body: note + drawn.join("") };
}

/** Exponents of the powers of ten that enclose the values. */
function decades(values: readonly number[]): number[] {
  const logs = values.map((v) => Math.log10(v));
  const low = Math.floor(Math.min(...logs));
  const high = Math.max(low + 1, Math.ceil(Math.max(...logs)));
  return Array.from({ length: high - low + 1 }, (_, i) => low + i);
}

/** 10 to the `exponent`, as "100" or "1e6". */
const powerOfTen = (exponent: number): string =>
  exponent > -5 && exponent < 6 ? String(Number(`1e${exponent}`)) : `1e${exponent}`;

/** Every kernel that a plan takes, below what the adapter can do at most. Both axes are logarithmic. */
export function roofline(rows: readonly KernelRow[], { gflops, gbs, matrixGflops }: Ceilings, title: string): Plot {
  const points = rows
    .filter((row) => isTimed(row) && row.chosen)
    .map((row) => ({ row, intensity: row.flops / row.bytes, speed: speedOf(row) }));
  const knee = gflops / gbs;
  const matrixKnee = (matrixGflops ?? gflops) / gbs;
  const xs = decades([knee, knee * 4, matrixKnee, ...points.map(({ intensity }) => intensity)]);
  const ys = decades([gflops, matrixGflops ?? gflops, ...points.map(({ speed }) => speed)]);
  const frame = { left: 60, top: 30, width: WIDTH - 60 - 30, height: 360 };
  const { x, y, body } = axes(
    frame,
    { ticks: xs, name: "operations per byte moved at least", format: powerOfTen },
    { ticks: ys, name: "GFLOP/s", format: powerOfTen },
  );
  const at = (intensity: number, speed: number): string =>
    `${num(x(Math.log10(intensity)))} ${num(y(Math.log10(speed)))}`;

  const right = frame.left + frame.width;
  const lowest = Math.max(10 ** (xs[0] ?? 0), 10 ** (ys[0] ?? 0) / gbs);
  const highest = 10 ** (xs.at(-1) ?? 1);
  /** Rises with the bandwidth up to the knee, then stays at `peak`. */
  const roof = (peak: number): string => {
    const path = `M${at(lowest, lowest * gbs)}L${at(peak / gbs, peak)}L${at(Math.max(peak / gbs, highest), peak)}`;
    return `<path class="axis" stroke-width="2" d="${path}"/>`;
  };
  const label = (peak: number, text: string): string => {
    const place = `x="${num(right)}" y="${num(y(Math.log10(peak)) - 8)}"`;
    return `<text class="v" ${place} text-anchor="end">${text}</text>`;
  };
  const roofs = [roof(gflops)];
  const labels = [label(gflops, `${threeDigits(gflops)} GFLOP/s, ${threeDigits(gbs)} GB/s: measured on this adapter`)];
  if (matrixGflops !== undefined) {
    roofs.push(roof(matrixGflops));
    labels.push(label(matrixGflops, `${threeDigits(matrixGflops)} GFLOP/s of subgroup matrices in f16`));
  }
  const marks = points.map(({ row, intensity, speed }) => {
    const [cx, cy] = at(intensity, speed).split(" ");
    const share = Math.round(100 * row.share);
    const tip = `${row.kernel}: ${row.case} (${row.variant}), ${threeDigits(speed)} GFLOP/s, ${share} % of the roof`;
    const dot = `<circle class="ring" cx="${cx}" cy="${cy}" r="5"><title>${escapeText(tip)}</title></circle>`;
    return `<g class="${seriesOf(row)}">${dot}</g>`;
  });
  const bottom = frame.top + frame.height + 62;
  return {
    name: "roofline",
    title,
    width: WIDTH,
    height: bottom + 14,
    body: [body, ...roofs, ...labels, ...marks, key(frame.left, bottom)].join(""),
  };
}
