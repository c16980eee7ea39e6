/**
 * The classes found, with each network's share of pixels. The pictures highlight the class under the pointer, or the
 * one whose button is pressed.
 */
import { screenColour } from "../colours.js";
import type { Segmented } from "../messages.js";
import { columnTitle } from "../variants.js";
import { byId, element } from "./elements.js";
import { formatUnitless } from "./format.js";

const BACKGROUND = 0;

export class Legend {
  readonly #onHighlight: (label: number | undefined) => void;
  readonly #table = byId("legend", HTMLTableElement);
  readonly #body = element("tbody");
  /** By label: rows stay while pictures change, so that one can be pressed and keeps the focus under a camera. */
  #rows = new Map<number, HTMLTableRowElement>();
  #pressed: number | undefined;

  constructor(onHighlight: (label: number | undefined) => void) {
    this.#onHighlight = onHighlight;
  }

  /** Rows by share, the largest first, the background last. */
  show({ counts, width, height }: Segmented, classNames: readonly string[]): void {
    const variants = Object.keys(counts);
    const sharesOf = (label: number): number[] =>
      Object.values(counts).map((pixels) => (pixels[label] ?? 0) / (width * height));
    const largestShare = (label: number): number => Math.max(...sharesOf(label));
    const labels = [...new Set(Object.values(counts).flatMap((pixels) => Object.keys(pixels).map(Number)))];
    labels.sort((a, b) => Number(a === BACKGROUND) - Number(b === BACKGROUND) || largestShare(b) - largestShare(a));
    if (this.#pressed !== undefined && !labels.includes(this.#pressed)) this.#press(undefined);
    const head = element(
      "tr",
      "",
      columnHead(element("span", "spoken", "Class")),
      ...variants.map((variant) => columnHead(columnTitle(variant))),
    );
    const rows = labels.map((label) => this.#row(label, classNames[label] ?? `class ${label}`, sharesOf(label)));
    this.#rows = new Map(labels.map((label, i) => [label, rows[i] as HTMLTableRowElement]));
    if (labels.every((label) => label === BACKGROUND))
      rows.unshift(emptyRow(variants.length + 1, classNames.length - 1));
    if (!this.#body.isConnected) this.#table.replaceChildren(element("thead"), this.#body);
    this.#table.tHead?.replaceChildren(head);
    this.#place(rows);
  }

  /** Moves only the rows that have another place. */
  #place(rows: readonly HTMLTableRowElement[]): void {
    const focused = this.#body.contains(document.activeElement) ? document.activeElement : undefined;
    for (const old of [...this.#body.rows]) if (!rows.includes(old)) old.remove();
    rows.forEach((row, i) => {
      const there = this.#body.rows[i];
      if (there !== row) this.#body.insertBefore(row, there ?? null);
    });
    if (!(focused instanceof HTMLElement) || document.activeElement === focused) return;
    const next = focused.isConnected ? focused : this.#body.querySelector("button");
    next?.focus({ preventScroll: true });
  }

  /** The row of a class with its shares: the one of before where it has this name. */
  #row(label: number, className: string, shares: readonly number[]): HTMLTableRowElement {
    const old = this.#rows.get(label);
    const row = old?.cells[0]?.textContent === className ? old : this.#newRow(label, className);
    for (const cell of [...row.cells].slice(1)) cell.remove();
    row.append(...shares.map((share) => element("td", "", share ? formatUnitless(share) : "–")));
    return row;
  }

  #newRow(label: number, className: string): HTMLTableRowElement {
    const swatch = element("span", "swatch");
    if (label !== BACKGROUND) swatch.style.backgroundColor = screenColour(label);
    const button = element("button", "class", swatch, className);
    button.type = "button";
    button.setAttribute("aria-pressed", String(label === this.#pressed));
    button.dataset.label = String(label);
    button.addEventListener("click", () => this.#press(label === this.#pressed ? undefined : label));
    const name = element("th", "", button);
    name.scope = "row";
    const row = element("tr", "", name);
    row.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && this.#onHighlight(label));
    row.addEventListener("pointerleave", () => this.#onHighlight(this.#pressed));
    return row;
  }

  #press(label: number | undefined): void {
    this.#pressed = label;
    for (const button of this.#table.querySelectorAll("button"))
      button.setAttribute("aria-pressed", String(button.dataset.label === String(label)));
    this.#onHighlight(label);
  }
}

/** Where all pixels are background. */
function emptyRow(columns: number, classes: number): HTMLTableRowElement {
  const cell = element("td", "nothing", `Nothing of the ${classes} classes was recognised in this picture.`);
  cell.colSpan = columns;
  return element("tr", "", cell);
}

function columnHead(text: string | HTMLElement): HTMLTableCellElement {
  const cell = element("th", "", text);
  cell.scope = "col";
  return cell;
}
