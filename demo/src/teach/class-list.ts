/** The classes that are taught: a name for each, and the share of the picture that was found. */
import { element } from "../ui/elements.js";
import { formatShare } from "../ui/format.js";
import { MAX_TAUGHT, cssColour } from "./colours.js";
import { button } from "./brush-bar.js";

export interface ClassListEvents {
  renamed(): void;
  added(label: number): void;
  removed(label: number): void;
}

const MAX_NAME = 40;
const NOT_THIS = "Not this";

export class ClassList {
  readonly #events: ClassListEvents;
  readonly #rows = element("div", "teach-classes");
  readonly #add = button("Add a class", () => this.#addClass());
  readonly root = element("div", "teach-list", this.#rows, this.#add);
  #typed: string[] = ["my class"];
  #shares: readonly number[] = [];

  constructor(events: ClassListEvents) {
    this.#events = events;
    this.#render();
  }

  /** Of the background and the classes, by label. Classes without a name have a number. */
  get names(): readonly string[] {
    return [NOT_THIS, ...this.#typed.map((name, i) => name.trim() || `class ${i + 1}`)];
  }

  /** Names as they are saved: the background first, all different. */
  get classNames(): readonly string[] {
    const seen = new Set(["background"]);
    const unique = this.names.slice(1).map((name) => {
      let result = name;
      for (let i = 2; seen.has(result); i++) result = `${name} ${i}`;
      seen.add(result);
      return result;
    });
    return ["background", ...unique];
  }

  /** Shares of the picture by label; none before anything was found. */
  set shares(shares: readonly number[]) {
    this.#shares = shares;
    const outputs = this.#rows.querySelectorAll("output");
    outputs.forEach((output, i) => (output.value = this.#shareText(i + 1)));
  }

  /** Puts the caret into the first name. */
  focus(): void {
    this.#rows.querySelector("input")?.select();
  }

  #shareText(label: number): string {
    const share = this.#shares[label];
    return share === undefined ? "" : formatShare(share);
  }

  #addClass(): void {
    this.#typed = [...this.#typed, ""];
    this.#shares = [];
    this.#render();
    this.#events.added(this.#typed.length);
    this.#rows.querySelector<HTMLInputElement>("div:last-child input")?.focus();
  }

  #remove(label: number): void {
    this.#typed = this.#typed.filter((_, i) => i + 1 !== label);
    this.#shares = [];
    this.#render();
    this.#events.removed(label);
    this.#add.focus();
  }

  #render(): void {
    this.#add.hidden = this.#typed.length >= MAX_TAUGHT;
    this.#rows.replaceChildren(...this.#typed.map((name, i) => this.#row(i + 1, name)));
  }

  #row(label: number, value: string): HTMLElement {
    const input = Object.assign(element("input"), {
      type: "text",
      value,
      maxLength: MAX_NAME,
      placeholder: `class ${label}`,
      ariaLabel: `Name of class ${label}`,
      autocomplete: "off",
      spellcheck: false,
    });
    input.addEventListener("input", () => {
      this.#typed = this.#typed.map((name, i) => (i + 1 === label ? input.value : name));
      this.#events.renamed();
    });
    const swatch = element("span", "swatch");
    swatch.style.backgroundColor = cssColour(label);
    const share = Object.assign(element("output"), { value: this.#shareText(label) });
    share.ariaLabel = "Share of the picture";
    share.ariaLive = "off"; // the panel says all shares in one sentence
    const row = element("div", "teach-class", swatch, input, share);
    if (this.#typed.length > 1) {
      const remove = button("×", () => this.#remove(label));
      remove.className = "quiet teach-remove";
      remove.ariaLabel = `Remove class ${label} and its strokes`;
      remove.title = remove.ariaLabel;
      row.append(remove);
    }
    return row;
  }
}
