/** The curves of a training: loss and mean IoU over its epochs, in the colours of the variants. */
import { axes, tickText, ticksFor } from "../axes.js";
import { escapeText, svgElement } from "../markup.js";
import type { Plot } from "../svg.js";
import { markOf, seriesOf } from "../series.js";
import type { Series } from "../series.js";
import { formatPercent, variantTitle } from "../titles.js";
import { bestEpoch, epochScores } from "../training-records.js";
import type { EpochRecord } from "../training-records.js";
import type { TruthWords } from "../truth-words.js";
import { AXES_FRAME, AXES_KEY_TOP, KEY_MARGIN, WIDTH, frameBeside, pathThrough, plotKey } from "./parts.js";

/** Points up to this many have a dot each. */
const MAX_DOTS = 40;

interface CurvePoint {
  /** Epochs of all variants so far. */
  readonly x: number;
  readonly y: number;
  readonly record: EpochRecord;
}

interface CurveLine {
  readonly variant: string;
  readonly series: Series;
  readonly points: readonly CurvePoint[];
}

interface CurveStyle {
  readonly name: string;
  readonly title: string;
  readonly yName: string;
  /** The label of a tick. */
  readonly tick: (value: number) => string;
  /** A point's value, as its tip says it. */
  readonly format: (value: number) => string;
  readonly valueOf: (record: EpochRecord) => number | undefined;
  /** Whether the best epoch is marked. */
  readonly isScore: boolean;
}

/** The points of each variant; one variant goes on where the one before ended. */
function linesOf(epochs: readonly EpochRecord[], { valueOf }: CurveStyle): CurveLine[] {
  const variants = [...new Set(epochs.map(({ variant }) => variant))];
  let before = 0;
  return variants.map((variant) => {
    const own = epochs.filter((record) => record.variant === variant);
    const points = own.flatMap((record): CurvePoint[] => {
      const y = valueOf(record);
      return y === undefined ? [] : [{ x: before + record.epoch, y, record }];
    });
    before += Math.max(0, ...own.map(({ epoch }) => epoch));
    return { variant, series: seriesOf({ variants }, variant), points };
  });
}

function curve(epochs: readonly EpochRecord[], style: CurveStyle): Plot | undefined {
  const lines = linesOf(epochs, style);
  const points = lines.flatMap((line) => line.points);
  if (points.length < 2) return undefined;
  const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), 0);
  const epochTicks = ticksFor(0, most(points.map(({ x }) => x))).filter(Number.isInteger);
  const yAxis = { ticks: ticksFor(0, most(points.map((point) => point.y))), name: style.yName, format: style.tick };
  const { x, y, body } = axes(frameBeside(yAxis), { ticks: epochTicks, name: "epoch", format: String }, yAxis);
  const groups = lines.map((line) => {
    const d = pathThrough(line.points.map((point) => [x(point.x), y(point.y)]));
    const best = style.isScore ? bestEpoch(line.points.map(({ record }) => record)) : undefined;
    const dots = line.points.map((point) => {
      const isBest = point.record === best;
      if (!isBest && points.length > MAX_DOTS) return "";
      const { epoch } = point.record;
      const tip = `${variantTitle(line.variant)}, ${epoch ? `epoch ${epoch}` : "before"}: ${style.format(point.y)}`;
      const mark = { class: isBest ? "ring" : "fill", size: isBest ? 5 : 2.5 };
      return markOf(line.series, [x(point.x), y(point.y)], mark, svgElement("title", {}, escapeText(tip)));
    });
    const path = line.points.length > 1 ? svgElement("path", { class: "line", d }) : "";
    return svgElement("g", { class: line.series.colour }, path, ...dots);
  });
  const entries = lines.map(({ variant, series }) => ({ series, label: variantTitle(variant), mark: "fill" as const }));
  const key = plotKey(entries, AXES_FRAME.left, AXES_KEY_TOP);
  return {
    name: style.name,
    title: style.title,
    width: WIDTH,
    height: AXES_KEY_TOP + key.height + KEY_MARGIN,
    body: [body, ...groups, key.body].join(""),
  };
}

/** Mean loss of each epoch. Undefined before the second one. */
export const lossCurve = (epochs: readonly EpochRecord[]): Plot | undefined =>
  curve(epochs, {
    name: "loss",
    title: "Loss on the pictures trained on",
    yName: "mean loss of an epoch",
    tick: tickText,
    format: (value) => tickText(Number(value.toPrecision(3))),
    valueOf: ({ meanLoss }) => meanLoss,
    isScore: false,
  });

/** Mean IoU after each epoch. Undefined without held-out pictures. */
export const scoreCurve = (epochs: readonly EpochRecord[], { meanIoU }: TruthWords): Plot | undefined =>
  curve(epochs, {
    name: "mean-iou",
    title: `${capitalised(meanIoU)} on the held-out pictures (ring: the best epoch)`,
    yName: `${meanIoU} in %`,
    tick: (value) => tickText(100 * value),
    format: (value) => `${formatPercent(value)} %`,
    valueOf: (record) => epochScores(record).meanIoU,
    isScore: true,
  });

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
