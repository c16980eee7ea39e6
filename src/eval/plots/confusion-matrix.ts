/** The confusion matrix of a variant: rows are true classes in shares of their pixels, columns what was predicted. */
import { escapeText, num, svgElement } from "../markup.js";
import type { Metrics } from "../metrics.js";
import type { Summary, VariantSummary } from "../summary.js";
import type { Plot } from "../svg.js";
import { seriesOf } from "../series.js";
import { fileNames, formatPercent, variantTitle } from "../titles.js";
import { plotName } from "./parts.js";

const CELL = 30;
const LEFT = 104;
const TOP = 88;
const RIGHT = 56;
const BOTTOM = 10;

/** Smaller shares leave their cell empty. */
const MIN_SHARE = 0.0005;
/** Smaller shares are drawn, but not written. */
const MIN_WRITTEN = 0.005;
/** From this share on a cell is dark, and its number light. */
const DARK_CELL = 0.55;
/** A cell's opacity is its share to this power, so that small shares can be seen, and at least this much. */
const OPACITY_POWER = 0.8;
const MIN_OPACITY = 0.04;

const middle = (start: number): number => start + CELL / 2;
const xOf = (column: number): number => LEFT + column * CELL;
const yOf = (row: number): number => TOP + row * CELL;

/** Rows are classes of the truth, columns also those that were predicted for one of them. */
function shownClasses(classNames: readonly string[], { confusion, truthPixels }: Metrics) {
  const all = classNames.map((_, c) => c);
  const rows = all.filter((c) => truthPixels[c]);
  const columns = all.filter((c) => truthPixels[c] || rows.some((truth) => confusion.at(truth, c)));
  return { rows, columns };
}

function cellNumber(share: number, x: number, y: number): string {
  if (share < MIN_WRITTEN) return "";
  const style = `font-size:10px;fill:var(--${share > DARK_CELL ? "ground" : "ink"})`;
  const place = { x: middle(x), y: middle(y) + 4, "text-anchor": "middle", style };
  return svgElement("text", place, (100 * share).toFixed(0));
}

/** A square, darker for a larger share, with the share in it. `tip` is shown on hover. */
function cell(x: number, y: number, share: number, { colour, tip }: { colour: string; tip: string }): string {
  const square = svgElement("rect", {
    class: `fill ${colour}`,
    x,
    y,
    width: CELL - 1,
    height: CELL - 1,
    rx: 2,
    "fill-opacity": Math.max(MIN_OPACITY, share ** OPACITY_POWER),
  });
  return svgElement("g", {}, square, cellNumber(share, x, y), svgElement("title", {}, escapeText(tip)));
}

/** Undefined without label maps of which a pixel counts. */
export function confusionPlot(summary: Summary, { variant, metrics }: VariantSummary): Plot | undefined {
  if (!metrics) return undefined;
  const { confusion, truthPixels } = metrics;
  const nameOf = (c: number): string => summary.header.classNames[c] ?? "";
  const { rows, columns } = shownClasses(summary.header.classNames, metrics);
  if (!rows.length) return undefined;
  const cells = rows.flatMap((truth, i) =>
    columns.map((predicted, j) => {
      const pixels = confusion.at(truth, predicted);
      const share = pixels / (truthPixels[truth] ?? 1);
      if (share < MIN_SHARE) return "";
      const counted = `${formatPercent(share)} % (${pixels.toLocaleString("en")} pixels)`;
      const tip = `${nameOf(truth)} labelled ${nameOf(predicted)}: ${counted}`;
      const colour = truth === predicted ? seriesOf(summary.header, variant).colour : "wrong";
      return cell(xOf(j), yOf(i), share, { colour, tip });
    }),
  );
  const head = columns.map((c, j) => {
    const transform = `translate(${num(middle(xOf(j)) + 4)} ${TOP - 8}) rotate(-50)`;
    return svgElement("text", { transform }, escapeText(plotName(nameOf(c))));
  });
  const side = rows.map((c, i) =>
    svgElement(
      "text",
      { class: "v", x: LEFT - 8, y: middle(yOf(i)) + 4, "text-anchor": "end" },
      escapeText(plotName(nameOf(c))),
    ),
  );
  const grid = rows.map((_, i) =>
    svgElement("path", { class: "grid", d: `M${LEFT} ${num(yOf(i + 1) - 0.5)}h${columns.length * CELL}` }),
  );
  return {
    name: `confusion-${fileNames(summary.header.variants).get(variant)}`,
    title: `Confusion matrix of ${variantTitle(variant)}, % of each true class`,
    width: xOf(columns.length) + RIGHT,
    height: yOf(rows.length) + BOTTOM,
    body: [...grid, ...cells, ...head, ...side].join(""),
  };
}
