/** The status line with its progress bar, the alert below it, and the page of text that replaces the pictures. */
import type { Activity } from "../messages.js";
import { byId, element } from "./elements.js";
import { formatMegabytes } from "./format.js";

export class Status {
  readonly #line = byId("status", HTMLElement);
  readonly #bar = byId("progress", HTMLProgressElement);
  readonly #alert = byId("alert", HTMLElement);
  readonly #fatal = byId("fatal", HTMLElement);

  constructor() {
    byId("dismiss", HTMLButtonElement).addEventListener("click", () => this.clear());
  }

  busy({ text, done = 0, total, bytes = false }: Activity): void {
    this.#bar.hidden = false;
    if (!total) {
      this.#line.textContent = `${text} …`;
      this.#bar.removeAttribute("value"); // an indeterminate bar
      return;
    }
    const amount = bytes ? `${formatMegabytes(done)} of ${formatMegabytes(total)} MB` : `${done} of ${total}`;
    this.#line.textContent = `${text} ${amount} …`;
    this.#bar.value = done / total;
  }

  /** Camera frames change the line too often for a screen reader. */
  set live(live: boolean) {
    this.#line.ariaLive = live ? "off" : null;
  }

  idle(text: string): void {
    this.#line.textContent = text;
    this.#bar.hidden = true;
  }

  fail(sentence: string): void {
    byId("alert-text", HTMLElement).textContent = asSentence(sentence);
    this.#alert.hidden = false;
  }

  clear(): void {
    this.#alert.hidden = true;
  }

  /** Replaces the pictures by a text: the page cannot work. */
  fatal(title: string, ...sentences: string[]): void {
    const retry = element("button", "button", "Try again");
    retry.type = "button";
    retry.addEventListener("click", () => location.reload());
    this.#fatal.replaceChildren(
      element("h2", "", title),
      ...sentences.map((sentence) => element("p", "", asSentence(sentence))),
      retry,
    );
    this.#fatal.hidden = false;
    document.body.classList.add("stopped");
    this.idle(title);
  }
}

/** Adds the capital and the full stop that the library's messages lack. A file's name at the start keeps its case. */
function asSentence(text: string): string {
  const capitalised = text.trim().replace(/^[a-z]+(?=[\s,:])/, (word) => word.charAt(0).toUpperCase() + word.slice(1));
  return /[.!?]$/.test(capitalised) ? capitalised : `${capitalised}.`;
}
