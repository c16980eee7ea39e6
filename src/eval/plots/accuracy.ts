/** Accuracy against latency: mean IoU and boundary IoU of each variant over its milliseconds. */
import { axes, isWide, logTicksFor, lowAndHigh, ticksFor } from "../axes.js";
import type { Axes } from "../axes.js";
import { intervalOf } from "../bootstrap.js";
import type { Interval } from "../bootstrap.js";
import { seriesIn } from "../groups.js";
import { escapeText, svgElement } from "../markup.js";
import type { Summary } from "../summary.js";
import type { Plot } from "../svg.js";
import { spreadOf } from "../times.js";
import { formatPercent, millisecondsBetween, percentBetween, variantTitle } from "../titles.js";
import { markOf, seriesOf } from "../series.js";
import { AXES_FRAME, AXES_KEY_TOP, WIDTH, errorBar, footnotes, pathThrough, plotKey, variantEntries } from "./parts.js";

const MEASURES = [
  { key: "meanIoU", name: "mean IoU", mark: "fill", dashes: undefined },
  { key: "boundaryIoU", name: "boundary IoU", mark: "ring", dashes: "3 4" },
] as const;
type Measure = (typeof MEASURES)[number];

/** A variant with its time and its shares, 0 to 1. */
interface Point extends Readonly<Record<Measure["key"], number>> {
  readonly variant: string;
  readonly ms: number;
  /** The middle half of its rounds. */
  readonly spread: Interval | undefined;
  /** 95 % intervals of its shares. */
  readonly intervals: Readonly<Partial<Record<Measure["key"], Interval | undefined>>>;
}

/** Room beside the points, as an IoU. */
const IOU_MARGIN = 0.02;
/** The axis shows this much at least: a smaller range would make noise look large. */
const LEAST_RANGE = 0.1;
/** With more points than these their numbers would lie on each other; the table has them. */
const MOST_NUMBERS = 3;

const endsOf = (ends: Interval | undefined): number[] => (ends ? [ends.low, ends.high] : []);

function shareTicks(points: readonly Point[], measures: readonly Measure[]): number[] {
  const shares = points.flatMap((point) =>
    measures.flatMap(({ key }) => [point[key], ...(key === "meanIoU" ? endsOf(point.intervals[key]) : [])]),
  );
  const [low, high] = [Math.min(...shares) - IOU_MARGIN, Math.max(...shares) + IOU_MARGIN];
  const missing = Math.max(0, LEAST_RANGE - (high - low)) / 2;
  return ticksFor(Math.max(0, low - missing), Math.min(1, high + missing));
}

/** Times begin at 0: what looks twice as far is twice as long. */
function axesFor(points: readonly Point[], measures: readonly Measure[]): Axes {
  const times = points.flatMap(({ ms, spread }) => [ms, ...endsOf(spread)]);
  const isLog = isWide(times);
  const [first, last] = lowAndHigh(times);
  return axes(
    AXES_FRAME,
    {
      ticks: isLog ? logTicksFor(first, last) : ticksFor(0, last),
      isLog,
      name: "milliseconds a picture, one network alone",
      format: String,
    },
    { ticks: shareTicks(points, measures), name: "IoU in %", format: (share) => (100 * share).toFixed(0) },
  );
}

/** Marks with error bars, for each measure of a variant. */
function marksOf(summary: Summary, point: Point, measures: readonly Measure[], { x, y }: Axes): string {
  const series = seriesOf(summary.header, point.variant);
  const marks = measures.map(({ key, name, mark }) => {
    const [cx, cy] = [x(point.ms), y(point[key])];
    const { spread, intervals } = point;
    const interval = intervals[key];
    // Marks of both measures with bars would hide each other.
    const bars =
      key === "meanIoU"
        ? [
            spread ? errorBar([x(spread.low), cy], [x(spread.high), cy]) : "",
            interval ? errorBar([cx, y(interval.low)], [cx, y(interval.high)]) : "",
          ]
        : [];
    const range = interval ? ` (${percentBetween(interval)})` : "";
    const rounds = spread ? ` (${millisecondsBetween(spread)})` : "";
    const share = `${formatPercent(point[key])} %${range}`;
    const tip = `${variantTitle(point.variant)}: ${name} ${share}, ${point.ms.toFixed(1)} ms${rounds}`;
    return bars.join("") + markOf(series, [cx, cy], { class: mark, size: 5 }, svgElement("title", {}, escapeText(tip)));
  });
  return svgElement("g", { class: series.colour }, ...marks);
}

/** Numbers stay readable over bars. */
const HALO = "paint-order:stroke;stroke:var(--ground);stroke-width:3px";

/** Pixels that a number takes. */
const NUMBER = { width: 34, height: 13 };

/** The shares beside their marks, where there are few and none would lie on another. */
function numbersOf(points: readonly Point[], measures: readonly Measure[], { x, y }: Axes): string {
  if (points.length > MOST_NUMBERS) return "";
  const placed: { readonly x: number; readonly y: number }[] = [];
  const middle = AXES_FRAME.left + AXES_FRAME.width / 2;
  const numbers = points.flatMap((point) =>
    measures.map(({ key }) => {
      const isRight = x(point.ms) > middle;
      const place = { x: x(point.ms) + (isRight ? -10 : 10), y: y(point[key]) - 5 };
      const isFree = placed.every(
        (other) => Math.abs(other.x - place.x) > NUMBER.width || Math.abs(other.y - place.y) > NUMBER.height,
      );
      if (!isFree) return "";
      placed.push(place);
      const anchor = isRight ? "end" : "start";
      return svgElement(
        "text",
        { class: "v", style: HALO, ...place, "text-anchor": anchor },
        formatPercent(point[key]),
      );
    }),
  );
  return numbers.join("");
}

function notesOf({ header }: Summary, points: readonly Point[]): string[] {
  const marks = `full: all pixels, hollow: ${header.boundaryWidth} px around borders`;
  return [
    marks,
    ...(points.some(({ intervals }) => intervals.meanIoU) ? ["upright bars: 95 % interval of mean IoU"] : []),
    ...(points.some(({ spread }) => spread) ? ["level bars: middle half of the rounds"] : []),
  ];
}

/** Undefined with fewer than two variants that have both metrics and times. */
export function accuracyPlot(summary: Summary): Plot | undefined {
  const points = summary.variants.flatMap(({ variant, metrics, drawn, cost }): Point[] => {
    if (!metrics || !cost) return [];
    const { meanIoU, boundaryIoU } = metrics;
    const intervals = drawn ? { meanIoU: intervalOf(drawn.meanIoU), boundaryIoU: intervalOf(drawn.boundaryIoU) } : {};
    return [{ variant, ms: cost.ms, spread: spreadOf(cost), meanIoU, boundaryIoU, intervals }];
  });
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
  const key = plotKey(variantEntries(summary), AXES_FRAME.left, AXES_KEY_TOP);
  const notes = footnotes(notesOf(summary, points), AXES_KEY_TOP + key.height);
  return {
    name: "accuracy-latency",
    title: "Accuracy against latency",
    width: WIDTH,
    height: AXES_KEY_TOP + key.height + notes.height,
    body: [scales.body, ...lines, ...marks, numbersOf(points, measures, scales), key.body, notes.body].join(""),
  };
}
