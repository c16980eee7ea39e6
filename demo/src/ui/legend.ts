/** The classes that occur, with each network's share of pixels. A row under the pointer, or pressed, is picked out in the pictures. */
import { vocPalette } from "fcn-webgpu";
import type { Segmented } from "../messages.js";
import { byId, element, percent, titleOf } from "./elements.js";

const palette = vocPalette();
const colourOf = (label: number): string => `rgb(${palette.slice(label * 3, label * 3 + 3).join(" ")})`;

export class Legend {
  readonly #table = byId("legend", HTMLTableElement);
  #pinned: number | undefined;

  constructor(private readonly onHighlight: (label: number | undefined) => void) {}

  /** Rows by share, the largest first, the background last. */
  show({ counts, width, height }: Segmented, classNames: readonly string[]): void {
    const variants = Object.keys(counts);
    const share = (variant: string, label: number): number => (counts[variant]?.[label] ?? 0) / (width * height);
    const labels = [...new Set(Object.values(counts).flatMap((of) => Object.keys(of).map(Number)))];
    const most = (label: number): number => Math.max(...variants.map((variant) => share(variant, label)));
    labels.sort((a, b) => Number(a === 0) - Number(b === 0) || most(b) - most(a));
    if (this.#pinned !== undefined && !labels.includes(this.#pinned)) this.#pin(undefined);
    const head = element(
      "tr",
      "",
      columnHead(element("span", "spoken", "Class")),
      ...variants.map((variant) => columnHead(titleOf(variant).replace(/^FCN-/, ""))),
    );
    const rows = labels.map((label) => {
      const swatch = element("span", "swatch");
      if (label !== 0) swatch.style.backgroundColor = colourOf(label);
      const button = element("button", "class", swatch, classNames[label] ?? `class ${label}`);
      button.type = "button";
      button.setAttribute("aria-pressed", String(label === this.#pinned));
      button.addEventListener("click", () => this.#pin(label === this.#pinned ? undefined : label));
      const name = element("th", "", button);
      name.scope = "row";
      const row = element(
        "tr",
        "",
        name,
        ...variants.map((variant) => element("td", "", share(variant, label) ? percent(share(variant, label)) : "–")),
      );
      row.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && this.onHighlight(label));
      row.addEventListener("pointerleave", () => this.onHighlight(this.#pinned));
      button.dataset.label = String(label);
      return row;
    });
    this.#table.replaceChildren(element("thead", "", head), element("tbody", "", ...rows));
  }

  #pin(label: number | undefined): void {
    this.#pinned = label;
    for (const button of this.#table.querySelectorAll("button"))
      button.setAttribute("aria-pressed", String(button.dataset.label === String(label)));
    this.onHighlight(label);
  }
}

function columnHead(text: string | HTMLElement): HTMLTableCellElement {
  const cell = element("th", "", text);
  cell.scope = "col";
  return cell;
}
