/** Accuracy against latency: mean IoU and boundary IoU of each variant over its milliseconds. */
import { axes, ticksFor } from "../axes.js";
import type { Axes } from "../axes.js";
import { escapeText, svgElement } from "../markup.js";
import type { Summary } from "../summary.js";
import type { Plot } from "../svg.js";
import { formatPercent, variantTitle } from "../titles.js";
import {
  AXES_FRAME,
  AXES_KEY_TOP,
  KEY_MARGIN,
  WIDTH,
  pathThrough,
  plotKey,
  seriesOf,
  variantEntries,
} from "./parts.js";

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

function axesFor(points: readonly Point[], measures: readonly Measure[]): Axes {
  const times = points.map(({ ms }) => ms);
  const shares = points.flatMap((point) => measures.map(({ key }) => point[key]));
  const spread = Math.max(...times) - Math.min(...times) || 1;
  const margin = TIME_MARGIN * spread;
  return axes(
    AXES_FRAME,
    {
      ticks: ticksFor(Math.max(0, Math.min(...times) - margin), Math.max(...times) + margin),
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

/** A dot and its number for each measure of a variant. */
function marksOf(summary: Summary, point: Point, measures: readonly Measure[], { x, y }: Axes): string {
  const marks = measures.map(({ key, name, mark }) => {
    const [cx, cy] = [x(point.ms), y(point[key])];
    const percent = formatPercent(point[key]);
    const tip = `${variantTitle(point.variant)}: ${name} ${percent} %, ${point.ms.toFixed(1)} ms`;
    return (
      svgElement("circle", { class: mark, cx, cy, r: 6 }, svgElement("title", {}, escapeText(tip))) +
      svgElement("text", { class: "v", x: cx, y: cy - 12, "text-anchor": "middle" }, percent)
    );
  });
  return svgElement("g", { class: seriesOf(summary, point.variant) }, ...marks);
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
  const lines = measures.map(({ key, dashes }) =>
    svgElement("path", {
      class: "axis",
      "stroke-opacity": ".5",
      "stroke-dasharray": dashes,
      d: pathThrough(points.map((point) => [scales.x(point.ms), scales.y(point[key])])),
    }),
  );
  const marks = points.map((point) => marksOf(summary, point, measures, scales));
  const note = svgElement(
    "text",
    { x: AXES_FRAME.left + AXES_FRAME.width, y: AXES_KEY_TOP + 4, "text-anchor": "end" },
    `\u25cf all pixels  \u25cb ${summary.header.boundaryWidth} px around borders`,
  );
  const key = plotKey(variantEntries(summary), AXES_FRAME.left, AXES_KEY_TOP);
  return {
    name: "accuracy-latency",
    title: "Accuracy against latency",
    width: WIDTH,
    height: AXES_KEY_TOP + KEY_MARGIN,
    body: [scales.body, ...lines, ...marks, key, note].join(""),
  };
}
