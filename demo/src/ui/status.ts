/** The status line with its progress bar, the alert below it, and the page of text that replaces the pictures. */
import type { Activity } from "../messages.js";
import { byId, element, movingFocus } from "./elements.js";
import { formatMegabytes } from "./format.js";

export class Status {
  readonly #line = byId("status", HTMLElement);
  readonly #bar = byId("progress", HTMLProgressElement);
  readonly #alert = byId("alert", HTMLElement);
  readonly #fatal = byId("fatal", HTMLElement);

  #isLive = false;
  /** What the line says is being done, without its amount. */
  #activity = "";
  /** What had the focus before the alert's button got it. */
  #before: HTMLElement | undefined;

  constructor() {
    const dismiss = byId("dismiss", HTMLButtonElement);
    dismiss.addEventListener("click", () => this.clear());
    dismiss.addEventListener("focus", ({ relatedTarget }) => {
      this.#before = relatedTarget instanceof HTMLElement ? relatedTarget : undefined;
    });
  }

  /** @returns what the line says */
  busy({ text, done = 0, total, bytes = false }: Activity): string {
    this.#bar.hidden = false;
    const amount = bytes ? `${formatMegabytes(done)} of ${formatMegabytes(total ?? 0)} MB` : `${done} of ${total}`;
    const line = total ? `${text} ${amount} …` : `${text} …`;
    // A screen reader hears what begins, not each amount of it.
    this.#line.ariaLive = this.#isLive || text === this.#activity ? "off" : null;
    this.#activity = text;
    this.#line.textContent = line;
    if (total) this.#bar.value = done / total;
    else this.#bar.removeAttribute("value"); // an indeterminate bar
    return line;
  }

  /** Camera frames change the line too often for a screen reader. */
  set live(live: boolean) {
    this.#isLive = live;
    this.#line.ariaLive = live ? "off" : null;
  }

  idle(text: string): void {
    this.#line.ariaLive = this.#isLive ? "off" : null;
    this.#activity = "";
    this.#line.textContent = text;
    this.#bar.hidden = true;
  }

  fail(sentence: string): void {
    byId("alert-text", HTMLElement).textContent = asSentence(sentence);
    this.#alert.hidden = false;
  }

  clear(): void {
    const first = document.querySelector<HTMLElement>(".top a");
    movingFocus(this.#alert, this.#before ?? first, () => (this.#alert.hidden = true));
  }

  /** Replaces the pictures by a text, and a picture of what there would be: the page cannot work. */
  fatal(title: string, ...sentences: string[]): void {
    const retry = element("button", "button", "Try again");
    retry.type = "button";
    retry.addEventListener("click", () => location.reload());
    const shown = this.#fatal.querySelectorAll("img");
    this.#fatal.replaceChildren(
      element("h2", "", title),
      ...sentences.map((sentence) => element("p", "", asSentence(sentence))),
      retry,
      element("p", "soft", "This is what it shows, as the command line draws it:"),
      ...shown,
    );
    this.#fatal.hidden = false;
    document.body.classList.remove("unstarted");
    document.body.classList.add("stopped");
    document.title = title;
    this.idle(title);
  }

  /** The page's script runs: takes the text away that stands there without it. */
  start(): void {
    document.body.classList.remove("unstarted");
    this.#fatal.hidden = true;
  }
}

/** Adds the capital and the full stop that the library's messages lack. Files and addresses keep their case. */
export function asSentence(text: string): string {
  const first = /^[a-z]+(?=[\s,]|:(?!\/\/))/;
  const capitalised = text.trim().replace(first, (word) => word.charAt(0).toUpperCase() + word.slice(1));
  return /[.!?]$/.test(capitalised) ? capitalised : `${capitalised}.`;
}
