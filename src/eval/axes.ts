/** Linear and logarithmic axes of plots, with round ticks. */
import { escapeText, num, svgElement } from "./markup.js";

/** Multiples of a power of ten that make round steps. */
const ROUND_STEPS = [1, 2, 5, 10];
/** A step this close to the wanted one is not too small. */
const STEP_TOLERANCE = 0.999;
/** Rounding errors below this share of a step add no tick. */
const TICK_TOLERANCE = 1e-9;

/** Round steps (1, 2, 5 times a power of ten) that cover the values with about `count` of them. */
export function ticksFor(low: number, high: number, count = 5): number[] {
  const wanted = (high - low || Math.abs(high) || 1) / count;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = power * (ROUND_STEPS.find((m) => m * power >= wanted * STEP_TOLERANCE) ?? 10);
  const first = Math.floor(low / step + TICK_TOLERANCE);
  const last = Math.ceil(high / step - TICK_TOLERANCE);
  return Array.from({ length: Math.max(2, last - first + 1) }, (_, i) => withoutRounding((first + i) * step));
}

/** 0.30000000000000004 is 0.3. */
const withoutRounding = (value: number): number => Number(value.toPrecision(12));

/** A tick with all its digits: rounded, two ticks would have one label, or a label would be another value's. */
export const tickText = (value: number): string => String(withoutRounding(value));

/** Multiples of powers of ten that make ticks of a logarithmic axis, fewer for longer ones. */
const LOG_STEPS = [[1, 2, 5], [1, 3], [1]];
/** Ticks of a logarithmic axis at most. */
const MOST_LOG_TICKS = 9;
/** Values of which the largest is this many times the smallest need a logarithmic axis. */
const WIDE = 12;
/** Smaller values have no place on a logarithmic axis. */
export const SMALLEST = 1e-6;

/** Whether values differ so much that the small ones would lie on each other. */
export function isWide(values: readonly number[]): boolean {
  const [low, high] = lowAndHigh(values);
  return low >= SMALLEST && high > WIDE * low;
}

/** The smallest and the largest value. */
export function lowAndHigh(values: readonly number[]): readonly [low: number, high: number] {
  return values.reduce<[number, number]>(([low, high], v) => [Math.min(low, v), Math.max(high, v)], [Infinity, 0]);
}

/** Ticks (1, 2, 5 times powers of ten) from the last one at or below `low` to the first one at or above `high`. */
export function logTicksFor(low: number, high: number): number[] {
  const powers: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) powers.push(power);
  const candidates = LOG_STEPS.map((steps) => {
    const all = powers.flatMap((power) => steps.map((step) => Number(`${step}e${power}`)));
    const first = all.findLastIndex((tick) => tick <= low);
    const last = all.findIndex((tick) => tick >= high);
    return all.slice(Math.max(0, first), last < 0 ? undefined : last + 1);
  });
  return candidates.find((ticks) => ticks.length <= MOST_LOG_TICKS) ?? candidates.at(-1) ?? [];
}

/** Where values are drawn, in pixels; the names of ticks and axes lie outside. */
export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface PlotAxis {
  /** Ascending; the first and the last are the ends of the axis. */
  readonly ticks: readonly number[];
  readonly name: string;
  /** Equal distances are equal ratios. Default false. */
  readonly isLog?: boolean;
  readonly format: (value: number) => string;
}

export interface Axes {
  /** Pixels of a value. */
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  /** The SVG elements of both axes. */
  readonly body: string;
}

/** Pixels of a value on an axis that starts at `from` and is `size` long; a negative size goes up. */
function scaleOf({ ticks, isLog = false }: PlotAxis, from: number, size: number): (value: number) => number {
  const place = isLog ? Math.log : (value: number): number => value;
  const low = place(ticks[0] ?? 0);
  const high = place(ticks.at(-1) ?? 1);
  return (value) => from + ((place(value) - low) / (high - low)) * size;
}

/** Axes with tick labels and names, and a horizontal grid. */
export function axes(frame: Frame, xAxis: PlotAxis, yAxis: PlotAxis): Axes {
  const { left, top, width, height } = frame;
  const bottom = top + height;
  const x = scaleOf(xAxis, left, width);
  const y = scaleOf(yAxis, bottom, -height);
  const grid = yAxis.ticks.map(
    (v) =>
      svgElement("path", { class: "grid", d: `M${num(left)} ${num(y(v))}h${num(width)}` }) +
      svgElement("text", { x: left - 8, y: y(v) + 4, "text-anchor": "end" }, escapeText(yAxis.format(v))),
  );
  const base = svgElement("path", { class: "axis", d: `M${num(left)} ${num(bottom)}h${num(width)}` });
  const marks = xAxis.ticks.map(
    (v) =>
      svgElement("path", { class: "axis", d: `M${num(x(v))} ${num(bottom)}v4` }) +
      svgElement("text", { x: x(v), y: bottom + 18, "text-anchor": "middle" }, escapeText(xAxis.format(v))),
  );
  const names = [
    svgElement("text", { x: left + width / 2, y: bottom + 38, "text-anchor": "middle" }, escapeText(xAxis.name)),
    svgElement("text", { x: left, y: top - 12, "text-anchor": "start" }, escapeText(yAxis.name)),
  ];
  return { x, y, body: [...grid, base, ...marks, ...names].join("") };
}
