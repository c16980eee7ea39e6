/** Latency against size: milliseconds of each variant, and of all together, over the number of pixels. */
import { groupBySize } from "../../models/batches.js";
import type { NetworkCost } from "../../models/network-cost.js";
import { SMALLEST, axes, lowAndHigh, isWide, logTicksFor, ticksFor } from "../axes.js";
import type { PlotAxis } from "../axes.js";
import { groupsOf, sumOfGroups } from "../groups.js";
import { escapeText, svgElement } from "../markup.js";
import type { Summary } from "../summary.js";
import type { Plot } from "../svg.js";
import { spreadOf } from "../times.js";
import { variantTitle } from "../titles.js";
import { ALL_SERIES, markOf, seriesOf } from "../series.js";
import type { Series } from "../series.js";
import { AXES_FRAME, AXES_KEY_TOP, WIDTH, errorBar, footnotes, frameBeside, pathThrough, plotKey } from "./parts.js";

/** The costs of one variant, or of "all", by size. */
interface TimedSeries {
  readonly series: Series;
  readonly label: string;
  readonly isAll: boolean;
  readonly points: readonly NetworkCost<string>[];
}

const megapixels = ({ width, height }: NetworkCost<string>): number => (width * height) / 1e6;
const pixels = ({ width, height }: NetworkCost<string>): number => width * height;

/** All variants together, at the sizes at which every group was measured. */
function sumsBySize({ header, costs }: Summary): NetworkCost<string>[] {
  const groups = groupsOf(header);
  return groupBySize(costs).flatMap((indices) => {
    const own = indices.map((index) => costs[index] as NetworkCost<string>);
    return (own[0] && sumOfGroups(groups, own, own[0])) ?? [];
  });
}

/** Series with at least one time: a run that was stopped may have timed some of them only. */
function timedSeries(summary: Summary): TimedSeries[] {
  const { header, costs, groups } = summary;
  const own = header.variants.map((variant) => ({
    series: seriesOf(header, variant),
    label: variantTitle(variant),
    isAll: false,
    points: costs.filter((cost) => cost.variant === variant),
  }));
  const label = groups.length > 1 ? "all, group after group" : "all over one backbone";
  const all = { series: ALL_SERIES, label, isAll: true, points: sumsBySize(summary) };
  const series = header.variants.length > 1 ? [...own, all] : own;
  return series
    .filter(({ points }) => points.length)
    .map((one) => ({ ...one, points: [...one.points].sort((a, b) => pixels(a) - pixels(b)) }));
}

/** Over one backbone networks differ little at one size. Those that are far apart need an axis of ratios. */
function timeAxis(points: readonly NetworkCost<string>[]): PlotAxis {
  const [first] = points;
  const ofOneSize = points.filter((point) => first && pixels(point) === pixels(first));
  const [low, high] = lowAndHigh(points.flatMap((point) => [point.ms, spreadOf(point)?.high ?? point.ms]));
  const isLog = low >= SMALLEST && isWide(ofOneSize.map(({ ms }) => ms));
  const ticks = isLog ? logTicksFor(low, high) : ticksFor(0, high);
  return { ticks, isLog, name: "milliseconds a picture", format: String };
}

/** Undefined with fewer than two sizes. */
export function latencyPlot(summary: Summary): Plot | undefined {
  const all = timedSeries(summary);
  const points = all.flatMap((one) => one.points);
  if (new Set(points.map(pixels)).size < 2) return undefined;
  const [, largest] = lowAndHigh(points.map(megapixels));
  const xAxis = { ticks: ticksFor(0, largest), name: "megapixels", format: String };
  const yAxis = timeAxis(points);
  const { x, y, body } = axes(frameBeside(yAxis), xAxis, yAxis);
  const lines = all.map(({ series, label, isAll, points: own }) => {
    const marks = own.map((point) => {
      const tip = `${label} ${point.width} x ${point.height}: ${point.ms.toFixed(1)} ms`;
      const place = [x(megapixels(point)), y(point.ms)] as const;
      const spread = spreadOf(point);
      const bar = spread ? errorBar([place[0], y(spread.low)], [place[0], y(spread.high)]) : "";
      const mark = markOf(
        series,
        place,
        { class: isAll ? "ring" : "fill", size: 4 },
        svgElement("title", {}, escapeText(tip)),
      );
      return bar + mark;
    });
    const d = pathThrough(own.map((point) => [x(megapixels(point)), y(point.ms)]));
    const line = svgElement("path", { class: isAll ? "line dash" : "line", d });
    return svgElement("g", { class: series.colour }, line, marks.join(""));
  });
  const entries = all.map(({ series, label, isAll }) => ({ series, label, mark: isAll ? "dash" : "fill" }) as const);
  const key = plotKey(entries, AXES_FRAME.left, AXES_KEY_TOP);
  const notes = footnotes(points.some(spreadOf) ? ["bars: middle half of the rounds"] : [], AXES_KEY_TOP + key.height);
  return {
    name: "latency-size",
    title: "Latency against size",
    width: WIDTH,
    height: AXES_KEY_TOP + key.height + notes.height,
    body: [body, ...lines, key.body, notes.body].join(""),
  };
}
