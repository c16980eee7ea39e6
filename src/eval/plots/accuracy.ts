/** Accuracy against latency: mean IoU and boundary IoU of each variant over its milliseconds. */
import { axes, isWide, logTicksFor, ticksFor } from "../axes.js";
import type { Axes } from "../axes.js";
import { seriesIn } from "../groups.js";
import { escapeText, svgElement } from "../markup.js";
import type { Summary } from "../summary.js";
import type { Plot } from "../svg.js";
import { formatPercent, variantTitle } from "../titles.js";
import { markOf, seriesOf } from "../series.js";
import { AXES_FRAME, AXES_KEY_TOP, KEY_MARGIN, WIDTH, pathThrough, plotKey, variantEntries } from "./parts.js";

const MEASURES = [
  { key: "meanIoU", name: "mean IoU", mark: "fill", dashes: undefined },
  { key: "boundaryIoU", name: "boundary IoU", mark: "ring", dashes: "3 4" },
] as const;
type Measure = (typeof MEASURES)[number];

/** A variant with its time and its shares, 0 to 1. */
interface Point extends Readonly<Record<Measure["key"], number>> {
  readonly variant: string;
  readonly ms: number;
}

/** Room beside the points: a share of the range of times, and an IoU. */
const TIME_MARGIN = 0.25;
const IOU_MARGIN = 0.03;
/** With more points than these their numbers would lie on each other; the table has them. */
const MOST_NUMBERS = 3;

function timeTicks(times: readonly number[]): number[] {
  const [first, last] = [Math.min(...times), Math.max(...times)];
  if (isWide(times)) return logTicksFor(first, last);
  const margin = TIME_MARGIN * (last - first || 1);
  return ticksFor(Math.max(0, first - margin), last + margin);
}

function axesFor(points: readonly Point[], measures: readonly Measure[]): Axes {
  const times = points.map(({ ms }) => ms);
  const shares = points.flatMap((point) => measures.map(({ key }) => point[key]));
  return axes(
    AXES_FRAME,
    {
      ticks: timeTicks(times),
      isLog: isWide(times),
      name: "milliseconds a picture, one variant alone",
      format: String,
    },
    {
      ticks: ticksFor(Math.max(0, Math.min(...shares) - IOU_MARGIN), Math.min(1, Math.max(...shares) + IOU_MARGIN)),
      name: "IoU in %",
      format: (share) => (100 * share).toFixed(0),
    },
  );
}

/** A mark for each measure of a variant; with its number where there are few. */
function marksOf(summary: Summary, point: Point, measures: readonly Measure[], { x, y }: Axes): string {
  const series = seriesOf(summary.header, point.variant);
  const isNumbered = summary.variants.length <= MOST_NUMBERS;
  const marks = measures.map(({ key, name, mark }) => {
    const [cx, cy] = [x(point.ms), y(point[key])];
    const percent = formatPercent(point[key]);
    const tip = `${variantTitle(point.variant)}: ${name} ${percent} %, ${point.ms.toFixed(1)} ms`;
    const number = svgElement("text", { class: "v", x: cx, y: cy - 12, "text-anchor": "middle" }, percent);
    const sign = markOf(series, [cx, cy], { class: mark, size: 6 }, svgElement("title", {}, escapeText(tip)));
    return sign + (isNumbered ? number : "");
  });
  return svgElement("g", { class: series.colour }, ...marks);
}

/** Undefined with fewer than two variants that have both metrics and times. */
export function accuracyPlot(summary: Summary): Plot | undefined {
  const points = summary.variants.flatMap(({ variant, metrics, cost }): Point[] =>
    metrics && cost ? [{ variant, ms: cost.ms, meanIoU: metrics.meanIoU, boundaryIoU: metrics.boundaryIoU }] : [],
  );
  // Label maps without a border in them have no boundary IoU.
  const measures = MEASURES.filter(({ key }) => points.every((point) => !Number.isNaN(point[key])));
  if (points.length < 2 || !measures.length) return undefined;
  const scales = axesFor(points, measures);
  const lines = seriesIn(summary.groups).flatMap((networks) => {
    const own = points.filter(({ variant }) => networks.includes(variant));
    if (own.length < 2) return [];
    return measures.map(({ key, dashes }) =>
      svgElement("path", {
        class: "axis",
        "stroke-opacity": ".5",
        "stroke-dasharray": dashes,
        d: pathThrough(own.map((point) => [scales.x(point.ms), scales.y(point[key])])),
      }),
    );
  });
  const marks = points.map((point) => marksOf(summary, point, measures, scales));
  const note = svgElement(
    "text",
    { x: AXES_FRAME.left + AXES_FRAME.width, y: AXES_FRAME.top - 12, "text-anchor": "end" },
    `full: all pixels, hollow: ${summary.header.boundaryWidth} px around borders`,
  );
  const key = plotKey(variantEntries(summary), AXES_FRAME.left, AXES_KEY_TOP);
  return {
    name: "accuracy-latency",
    title: "Accuracy against latency",
    width: WIDTH,
    height: AXES_KEY_TOP + key.height + KEY_MARGIN,
    body: [scales.body, ...lines, ...marks, key.body, note].join(""),
  };
}
