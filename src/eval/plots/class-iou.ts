/** IoU by class: grouped bars, the classes of the truth in order of the best IoU, which is printed. */
import type { Frame } from "../axes.js";
import type { Interval } from "../bootstrap.js";
import { escapeText, num, svgElement } from "../markup.js";
import type { Summary } from "../summary.js";
import type { Plot } from "../svg.js";
import { formatPercent, percentBetween, variantTitle } from "../titles.js";
import { markOf, seriesOf } from "../series.js";
import { KEY_MARGIN, WIDTH, errorBar, plotKey, plotName, variantEntries } from "./parts.js";

const LEFT = 104;
const RIGHT = 54;
const TOP = 34;
const BAR_HEIGHT = 7;
const BAR_STEP = BAR_HEIGHT + 1;
const GROUP_GAP = 9;
const GROUP_MARGIN = 4;
const MIN_BAR_WIDTH = 0.5;
const MARK_SIZE = 3.5;
const GRID = [0, 0.2, 0.4, 0.6, 0.8, 1];

/** A class of the truth, by name and index. */
interface ShownClass {
  readonly name: string;
  readonly index: number;
}

const iouOf = (metrics: Summary["variants"][number]["metrics"], { index }: ShownClass): number =>
  metrics?.perClassIoU[index] ?? 0;

const bestOf = ({ variants }: Summary, shown: ShownClass): number =>
  Math.max(...variants.map(({ metrics }) => iouOf(metrics, shown)));

/** Pixels of a share from 0 to 1. */
const xOf = (frame: Frame, share: number): number => frame.left + share * frame.width;

function gridLine(frame: Frame, share: number): string {
  const x = xOf(frame, share);
  const label = share === 1 ? "100 %" : (100 * share).toFixed(0);
  return (
    svgElement("path", { class: "grid", d: `M${num(x)} ${frame.top - 6}V${num(frame.top + frame.height)}` }) +
    svgElement("text", { x, y: frame.top - 14, "text-anchor": "middle" }, label)
  );
}

const intervalBar = (frame: Frame, y: number, ends: Interval | undefined): string =>
  ends ? errorBar([xOf(frame, ends.low), y], [xOf(frame, ends.high), y]) : "";

/** Name, bars and best value of a class, from `top` on. The mark of its network ends each bar. */
function classGroup(summary: Summary, frame: Frame, shown: ShownClass, top: number): string {
  const bars = summary.variants.map(({ variant, metrics, drawn }, i) => {
    const value = iouOf(metrics, shown);
    const series = seriesOf(summary.header, variant);
    const width = Math.max(MIN_BAR_WIDTH, value * frame.width);
    const y = top + i * BAR_STEP;
    const bar = { class: "fill", x: frame.left, y: y + 1, width, height: BAR_HEIGHT - 2, "fill-opacity": 0.6 };
    const end = [frame.left + width, y + BAR_HEIGHT / 2] as const;
    const interval = drawn?.perClassIoU[shown.index];
    const range = interval ? ` (95 % interval ${percentBetween(interval)})` : "";
    const tip = `${variantTitle(variant)}, ${shown.name}: ${formatPercent(value)} %${range}`;
    const title = svgElement("title", {}, escapeText(tip));
    const mark = markOf(series, end, { class: "fill", size: MARK_SIZE });
    return svgElement(
      "g",
      { class: series.colour },
      svgElement("rect", bar),
      intervalBar(frame, end[1], interval),
      mark,
      title,
    );
  });
  const best = bestOf(summary, shown);
  const last = Math.max(best, ...summary.variants.map(({ drawn }) => drawn?.perClassIoU[shown.index]?.high ?? 0));
  const y = top + (summary.variants.length * BAR_STEP) / 2 + 4;
  const name = svgElement(
    "text",
    { class: "v", x: frame.left - 10, y, "text-anchor": "end" },
    escapeText(plotName(shown.name)),
  );
  const value = svgElement("text", { x: xOf(frame, last) + 8, y }, formatPercent(best));
  return [name, ...bars, value].join("");
}

/** Undefined without label maps of which a pixel counts. */
export function classPlot(summary: Summary): Plot | undefined {
  const last = summary.variants.at(-1)?.metrics;
  if (!last) return undefined;
  const shown = summary.header.classNames
    .flatMap((name, index): ShownClass[] => (last.truthPixels[index] ? [{ name, index }] : []))
    .sort((a, b) => bestOf(summary, b) - bestOf(summary, a));
  if (!shown.length) return undefined;
  const groupHeight = summary.variants.length * BAR_STEP + GROUP_GAP;
  const frame = { left: LEFT, top: TOP, width: WIDTH - LEFT - RIGHT, height: shown.length * groupHeight };
  const grid = GRID.map((share) => gridLine(frame, share));
  const groups = shown.map((each, i) => classGroup(summary, frame, each, TOP + i * groupHeight + GROUP_MARGIN));
  const keyTop = frame.top + frame.height + 18;
  const key = plotKey(variantEntries(summary), frame.left, keyTop);
  return {
    name: "class-iou",
    title: "IoU by class (numbers: the best; lines: 95 % intervals)",
    width: WIDTH,
    height: keyTop + key.height + KEY_MARGIN,
    body: [...grid, ...groups, key.body].join(""),
  };
}
