/** Tables of the report. */
import { escapeText, htmlElement } from "../markup.js";
import { formatPercent } from "../titles.js";

export interface Cell {
  readonly html: string;
  /** What the column is sorted by: a number or text. "" and NaN go last. */
  readonly value?: string | number;
  readonly class?: string | undefined;
}

export interface Column {
  readonly title: string;
  /** The direction of the first click on the title; downwards without it. */
  readonly first?: "up";
  /** Its cells are text: the title stands at the left. Default false. */
  readonly isText?: boolean;
}

export interface TableOptions {
  /** Column titles become buttons that sort. Default false. */
  readonly sortable?: boolean;
  /** The table scrolls in a box of its own. Default false. */
  readonly tall?: boolean;
}

function cellHtml({ html, value = "", class: name }: Cell): string {
  const sortKey = Number.isNaN(value) ? "" : value;
  return htmlElement("td", { class: name || undefined, "data-v": String(sortKey) }, html);
}

function headHtml({ title, first, isText = false }: Column, sortable: boolean): string {
  if (!sortable) return htmlElement("th", { scope: "col", class: isText ? "text" : undefined }, escapeText(title));
  return htmlElement("th", { scope: "col", "data-first": first }, htmlElement("button", {}, escapeText(title)));
}

export function table(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  { sortable = false, tall = false }: TableOptions = {},
): string {
  const head = columns.map((column) => headHtml(column, sortable));
  const body = rows.map((row) => htmlElement("tr", {}, ...row.map(cellHtml)));
  const html = htmlElement(
    "table",
    { class: sortable ? "sortable" : undefined },
    htmlElement("thead", {}, htmlElement("tr", {}, ...head)),
    htmlElement("tbody", {}, body.join("")),
  );
  return htmlElement("div", { class: tall ? "scroll tall" : "scroll" }, html);
}

/** A share in percent. */
export const shareCell = (share: number | undefined, name?: string): Cell => ({
  html: formatPercent(share),
  value: share ?? "",
  class: name,
});
