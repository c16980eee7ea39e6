/** What goes on, in one line with a bar; what went wrong, in a sentence; and the notice that nothing can work here. */
import { byId, element } from "./elements.js";

export class Status {
  readonly #line = byId("status", HTMLElement);
  readonly #bar = byId("progress", HTMLProgressElement);
  readonly #alert = byId("alert", HTMLElement);
  readonly #fatal = byId("fatal", HTMLElement);

  constructor() {
    byId("dismiss", HTMLButtonElement).addEventListener("click", () => this.clear());
  }

  busy(text: string, done?: number, total?: number): void {
    const share = done !== undefined && total ? done / total : undefined;
    const detail =
      share === undefined
        ? ""
        : text.startsWith("Loading")
          ? ` ${megabytes(done ?? 0)} of ${megabytes(total ?? 0)} MB`
          : ` ${done} of ${total}`;
    this.#line.textContent = `${text}${detail} …`;
    this.#bar.hidden = false;
    if (share === undefined) this.#bar.removeAttribute("value");
    else this.#bar.value = share;
  }

  /** Frame after frame the line changes too often to be read out. */
  set live(live: boolean) {
    this.#line.ariaLive = live ? "off" : null;
  }

  idle(text: string): void {
    this.#line.textContent = text;
    this.#bar.hidden = true;
  }

  fail(sentence: string): void {
    const text = byId("alert-text", HTMLElement);
    text.textContent = asSentence(sentence);
    this.#alert.hidden = false;
  }

  clear(): void {
    this.#alert.hidden = true;
  }

  /** In place of the pictures. */
  fatal(title: string, ...sentences: string[]): void {
    this.#fatal.replaceChildren(
      element("h2", "", title),
      ...sentences.map((sentence) => element("p", "", asSentence(sentence))),
    );
    const again = element("button", "button", "Try again");
    again.type = "button";
    again.addEventListener("click", () => location.reload());
    this.#fatal.append(again);
    this.#fatal.hidden = false;
    document.body.classList.add("stopped");
    this.idle(title);
  }
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

/** The library's messages begin small, unless with the name of a file, and end without a full stop. */
function asSentence(text: string): string {
  const trimmed = text.trim();
  const begun = trimmed.replace(/^[a-z]+(?=[\s,:])/, (word) => word.charAt(0).toUpperCase() + word.slice(1));
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
