/** Accuracy by class: the table of classes, and the confusion matrices. */
import { escapeText, htmlElement } from "../markup.js";
import { confusionPlot } from "../plots/confusion-matrix.js";
import type { Metrics } from "../metrics.js";
import type { Summary } from "../summary.js";
import { inlineSvg } from "../svg.js";
import { LABEL_WORDS } from "../truth-words.js";
import { fileNames, formatPoints } from "../titles.js";
import type { Plot } from "../svg.js";
import { cutClass, heading, note, shortTitle, swatch, titleHtml } from "./elements.js";
import { shareCell, table } from "./table.js";
import type { Cell, Column } from "./table.js";

/** Smaller gains, as shares, have no colour. */
const MIN_GAIN = 0.0005;

function gainCell(gain: number): Cell {
  if (Number.isNaN(gain)) return { html: "-" };
  const cell = { html: formatPoints(gain), value: gain };
  if (gain > MIN_GAIN) return { ...cell, class: "up" };
  return gain < -MIN_GAIN ? { ...cell, class: "down" } : cell;
}

/** A class's share of the truth, its IoU by variant, and what the last variant gains over the first. */
function classRow({ variants, header }: Summary, { truthPixels }: Metrics, label: number): Cell[] {
  const name = header.classNames[label] ?? "";
  const total = truthPixels.reduce((a, b) => a + b, 0);
  const ious = variants.map(({ metrics }) => metrics?.perClassIoU[label] ?? NaN);
  const best = Math.max(...ious.filter((iou) => !Number.isNaN(iou)));
  const gain = (ious.at(-1) ?? NaN) - (ious[0] ?? NaN);
  return [
    { html: swatch("span", label) + escapeText(cutClass(name)), value: name },
    shareCell((truthPixels[label] ?? 0) / total),
    ...ious.map((iou) => shareCell(iou, iou === best && iou > 0 ? "best" : undefined)),
    ...(variants.length > 1 ? [gainCell(gain)] : []),
    ...variants.map(({ metrics }) => shareCell(metrics?.perClassBoundaryIoU[label])),
  ];
}

/** Classes in the truth, and those that some variant predicted. Empty without label maps. */
export function classTable(summary: Summary, { iou } = LABEL_WORDS): string {
  const { variants, header } = summary;
  const last = variants.at(-1)?.metrics;
  if (!last || !variants[0]?.metrics) return "";
  const shown = header.classNames.flatMap((_, label) => {
    const isPredicted = variants.some(({ metrics }) => !Number.isNaN(metrics?.perClassIoU[label] ?? NaN));
    return last.truthPixels[label] || isPredicted ? [label] : [];
  });
  const titles = variants.map(({ variant }) => shortTitle(variant));
  const columns: Column[] = [
    { title: "class", first: "up" },
    { title: "% of pixels" },
    ...titles.map((title) => ({ title: `${iou} ${title}` })),
    ...(variants.length > 1 ? [{ title: `gain ${titles[0]} \u2192 ${titles.at(-1)}` }] : []),
    ...titles.map((title) => ({ title: `border ${title}` })),
  ];
  const rows = shown.map((label) => classRow(summary, last, label));
  return [
    heading("Classes"),
    note(`${iou} in %; the best variant of each class in bold. A click on a column's title sorts by it.`),
    table(columns, rows, { sortable: true }),
  ].join("");
}

/** Of a confusion matrix, against the size that its letters are made for. */
const LARGEST_SCALE = 1.4;

/** A tab for each variant, the last one open. */
function matrixTabs(matrices: readonly { readonly variant: string; readonly plot: Plot }[]): string {
  const open = matrices.at(-1)?.variant;
  const names = fileNames(matrices.map(({ variant }) => variant));
  const tabs = matrices.map(({ variant }) => {
    const value = names.get(variant) ?? "";
    const id = `tab-${value}`;
    const button = { type: "radio", name: "confusion", id, value, checked: variant === open };
    return htmlElement("input", button) + htmlElement("label", { for: id }, titleHtml(variant));
  });
  const panels = matrices.map(({ variant, plot }) => {
    // A matrix of few classes is not blown up to the width of the page.
    const style = `--w:${Math.round(plot.width * LARGEST_SCALE)}px`;
    const panel = { "data-tab": names.get(variant), hidden: variant !== open, class: "plot-box", style };
    return htmlElement("div", panel, inlineSvg(plot));
  });
  return htmlElement("div", { class: "panel matrix" }, htmlElement("div", { class: "tabs" }, ...tabs), ...panels);
}

/** Empty without label maps. */
export function confusionMatrices(summary: Summary, { truth } = LABEL_WORDS): string {
  const matrices = summary.variants.flatMap((own) => {
    const plot = confusionPlot(summary, own);
    return plot ? [{ variant: own.variant, plot }] : [];
  });
  if (!matrices.length) return "";
  return [
    heading("What is taken for what"),
    note(
      `Each row is a class of the ${truth}, in % of its pixels; off the diagonal, in red, ` +
        "what it was labelled instead.",
    ),
    matrixTabs(matrices),
  ].join("");
}
