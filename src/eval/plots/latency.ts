/** Latency against size: milliseconds of each variant, and of all over one backbone, over the number of pixels. */
import type { NetworkCost } from "../../models/network-cost.js";
import { axes, ticksFor } from "../axes.js";
import { escapeText, svgElement } from "../markup.js";
import type { Summary } from "../summary.js";
import type { Plot } from "../svg.js";
import { variantTitle } from "../titles.js";
import { AXES_FRAME, AXES_KEY_TOP, KEY_MARGIN, WIDTH, pathThrough, plotKey, seriesOf } from "./parts.js";

/** The costs of one variant, or of "all", by size. */
interface Series {
  readonly variant: string;
  readonly points: readonly NetworkCost[];
}

const megapixels = ({ width, height }: NetworkCost): number => (width * height) / 1e6;
const pixels = ({ width, height }: NetworkCost): number => width * height;

/** Series with at least one time: a run that was stopped may have timed some of them only. */
function timedSeries({ header, costs }: Summary): Series[] {
  const names = header.variants.length > 1 ? [...header.variants, "all"] : header.variants;
  const series = names.map((variant) => {
    const points = costs.filter((cost) => cost.variant === variant).sort((a, b) => pixels(a) - pixels(b));
    return { variant, points };
  });
  return series.filter(({ points }) => points.length);
}

/** Undefined with fewer than two sizes. */
export function latencyPlot(summary: Summary): Plot | undefined {
  const series = timedSeries(summary);
  const points = series.flatMap((s) => s.points);
  if (new Set(points.map(pixels)).size < 2) return undefined;
  const largest = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), 0);
  const { x, y, body } = axes(
    AXES_FRAME,
    { ticks: ticksFor(0, largest(points.map(megapixels))), name: "megapixels", format: String },
    { ticks: ticksFor(0, largest(points.map(({ ms }) => ms))), name: "milliseconds a picture", format: String },
  );
  const lines = series.map(({ variant, points: own }) => {
    const isAll = variant === "all";
    const dots = own.map((point) => {
      const tip = `${variantTitle(variant)} ${point.width} x ${point.height}: ${point.ms.toFixed(1)} ms`;
      const dot = { class: isAll ? "ring" : "fill", cx: x(megapixels(point)), cy: y(point.ms), r: 4 };
      return svgElement("circle", dot, svgElement("title", {}, escapeText(tip)));
    });
    const d = pathThrough(own.map((point) => [x(megapixels(point)), y(point.ms)]));
    const line = svgElement("path", { class: isAll ? "line dash" : "line", d });
    return svgElement("g", { class: seriesOf(summary, variant) }, line, dots.join(""));
  });
  const entries = series.map(({ variant }) => ({
    series: seriesOf(summary, variant),
    label: variant === "all" ? "all over one backbone" : variantTitle(variant),
    mark: variant === "all" ? ("dash" as const) : ("fill" as const),
  }));
  return {
    name: "latency-size",
    title: "Latency against size",
    width: WIDTH,
    height: AXES_KEY_TOP + KEY_MARGIN,
    body: [body, ...lines, plotKey(entries, AXES_FRAME.left, AXES_KEY_TOP)].join(""),
  };
}
