/** Linear axes of plots, with round ticks. */
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
  const clean = (value: number): number => Math.round(value * 1e9) / 1e9; // 0.30000000000000004 is 0.3
  return Array.from({ length: Math.max(2, last - first + 1) }, (_, i) => clean((first + i) * step));
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
function linearScale(ticks: readonly number[], from: number, size: number): (value: number) => number {
  const low = ticks[0] ?? 0;
  const high = ticks.at(-1) ?? 1;
  return (value) => from + ((value - low) / (high - low)) * size;
}

/** Axes with tick labels and names, and a horizontal grid. */
export function axes(frame: Frame, xAxis: PlotAxis, yAxis: PlotAxis): Axes {
  const { left, top, width, height } = frame;
  const bottom = top + height;
  const x = linearScale(xAxis.ticks, left, width);
  const y = linearScale(yAxis.ticks, bottom, -height);
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
