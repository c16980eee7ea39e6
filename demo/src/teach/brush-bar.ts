/** The row above the picture: what the brush paints, how thick it is, and how to take strokes back. */
import { element, movingFocus } from "../ui/elements.js";
import { cssColour } from "./colours.js";
import type { Brush } from "./surface.js";

export interface BrushBarEvents {
  brush(brush: Brush): void;
  undo(): void;
  clear(): void;
  visible(layer: "strokes" | "result", visible: boolean): void;
}

/** The slider's range: a brush's radius in thousandths of the longer side. */
const SIZES = { min: "5", max: "60", value: "20" };

export class BrushBar {
  readonly #events: BrushBarEvents;
  readonly #brushes = element("fieldset", "segments teach-brushes");
  readonly #size = Object.assign(element("input"), { type: "range", ...SIZES });
  readonly #undo = button("Undo", () => this.#events.undo());
  readonly #clear = button("Clear", () => this.#events.clear());
  readonly root: HTMLElement;
  #label = 1;

  constructor(events: BrushBarEvents) {
    this.#events = events;
    this.#size.addEventListener("input", () => this.#announce());
    this.#clear.title = "Takes all strokes off this picture";
    this.root = element(
      "div",
      "teach-bar",
      this.#brushes,
      element("label", "teach-size", "Size", this.#size),
      element("div", "teach-edit", this.#undo, this.#clear),
      element("div", "teach-layers", this.#layer("strokes", "Strokes"), this.#layer("result", "Result")),
    );
  }

  /** Offers the background and these classes. Keeps the brush where it can. */
  offer(names: readonly string[]): void {
    this.#label = Math.min(this.#label, names.length - 1);
    const order = [...names.keys()].slice(1).concat(0);
    const choices = order.map((label) => this.#choice(label, names[label] ?? ""));
    this.#brushes.replaceChildren(element("legend", "", "The brush paints"), ...choices);
    this.#announce();
  }

  /** Takes up the brush of a class. */
  select(label: number): void {
    this.#label = label;
    const inputs = this.#brushes.querySelectorAll("input");
    for (const input of inputs) input.checked = input.value === String(label);
    this.#announce();
  }

  set undoable({ undo, clear }: { readonly undo: boolean; readonly clear: boolean }) {
    const [brush] = this.#brushes.querySelectorAll<HTMLInputElement>("input:checked");
    movingFocus(this.#undo, brush, () => (this.#undo.disabled = !undo));
    movingFocus(this.#clear, undo ? this.#undo : brush, () => (this.#clear.disabled = !clear));
  }

  #announce(): void {
    this.#events.brush({ label: this.#label, radius: this.#size.valueAsNumber / 1000 });
  }

  #choice(label: number, name: string): HTMLElement {
    const input = Object.assign(element("input"), {
      type: "radio",
      name: "teach-brush",
      value: String(label),
      checked: label === this.#label,
    });
    input.addEventListener("change", () => this.select(label));
    const swatch = element("i", "swatch");
    swatch.style.backgroundColor = cssColour(label);
    return element("label", "", input, element("span", "", swatch, name));
  }

  #layer(layer: "strokes" | "result", text: string): HTMLElement {
    const input = Object.assign(element("input"), { type: "checkbox", checked: true });
    input.addEventListener("change", () => this.#events.visible(layer, input.checked));
    return element("label", "", input, text);
  }
}

export function button(text: string, onClick: () => void): HTMLButtonElement {
  const made = element("button", "button", text);
  made.type = "button";
  made.addEventListener("click", onClick);
  return made;
}
