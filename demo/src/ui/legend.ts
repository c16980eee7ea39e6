/**
 * The classes found, with each network's share of pixels. The pictures highlight the class under the pointer, or the
 * one whose button is pressed.
 */
import { vocPalette } from "fcn-webgpu";
import type { Segmented } from "../messages.js";
import { columnTitle } from "../variants.js";
import { byId, element } from "./elements.js";
import { formatShare } from "./format.js";

const BACKGROUND = 0;
const palette = vocPalette();
const colourOf = (label: number): string => `rgb(${palette.slice(label * 3, label * 3 + 3).join(" ")})`;

export class Legend {
  readonly #onHighlight: (label: number | undefined) => void;
  readonly #table = byId("legend", HTMLTableElement);
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
    this.#table.replaceChildren(element("thead", "", head), element("tbody", "", ...rows));
  }

  #row(label: number, className: string, shares: readonly number[]): HTMLTableRowElement {
    const swatch = element("span", "swatch");
    if (label !== BACKGROUND) swatch.style.backgroundColor = colourOf(label);
    const button = element("button", "class", swatch, className);
    button.type = "button";
    button.setAttribute("aria-pressed", String(label === this.#pressed));
    button.dataset.label = String(label);
    button.addEventListener("click", () => this.#press(label === this.#pressed ? undefined : label));
    const name = element("th", "", button);
    name.scope = "row";
    const row = element("tr", "", name, ...shares.map((share) => element("td", "", share ? formatShare(share) : "–")));
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

function columnHead(text: string | HTMLElement): HTMLTableCellElement {
  const cell = element("th", "", text);
  cell.scope = "col";
  return cell;
}
