/** Small elements that several parts of the report use. */
import { shown } from "../../base/printable.js";
import { classColour } from "../../image/own-palette.js";
import { escapeText, htmlElement } from "../markup.js";
import type { RunHeader } from "../records.js";
import { markOf, seriesOf } from "../series.js";
import { inlineSvg } from "../svg.js";
import type { Plot } from "../svg.js";
import { variantTitle } from "../titles.js";

/** A variant's title as HTML. */
export const titleHtml = (variant: string): string => escapeText(variantTitle(variant));

/** A variant's title for narrow columns: "8s", or "8s of photos". */
export const shortTitle = (variant: string): string => variantTitle(variant).replace("FCN-", "");

/** The mark that a variant has in the plots. */
export function markHtml(header: RunHeader, variant: string): string {
  const series = seriesOf(header, variant);
  const mark = markOf(series, [0, 0], { class: "fill", size: 5 });
  return htmlElement(
    "svg",
    { class: `plot mark ${series.colour}`, viewBox: "-8 -8 16 16", "aria-hidden": "true" },
    mark,
  );
}

/** A variant's mark and title. */
export const markedTitle = (header: RunHeader, variant: string): string =>
  markHtml(header, variant) + titleHtml(variant);

/** Characters of a name that are shown. */
const LONGEST_NAME = 200;

/** A name of a picture, of weights or of an adapter, which may have any length. */
export const cutName = (name: string): string => shown(name, LONGEST_NAME);

/** Characters of a class's name that are shown: they leave room for the numbers beside it. */
const LONGEST_CLASS = 40;

/** A class's name, which may have any length in results of other people. */
export const cutClass = (name: string): string => shown(name, LONGEST_CLASS);

export const heading = (text: string): string => htmlElement("h2", {}, text);

/** A paragraph in grey. */
export const note = (html: string): string => htmlElement("p", { class: "quiet" }, html);

/** A small square in the class's colour. */
export const swatch = (tag: "span" | "i", label: number): string =>
  htmlElement(tag, { class: "swatch", style: `background:${classColour(label)}` });

/** A box with a title. */
export const panel = (title: string, content: string): string =>
  htmlElement("div", { class: "panel" }, htmlElement("h3", {}, escapeText(title)), content);

/** A box with a plot; nothing without one. */
export const plotPanel = (plot: Plot | undefined): string =>
  plot ? panel(plot.title, htmlElement("div", { class: "plot-box" }, inlineSvg(plot))) : "";
