/** The figure of skips: asks the worker for it when it comes into view, and loads the code that draws it. */
import { errorText } from "../error-text.js";
import type { Explained } from "../messages.js";
import { servedPart } from "../served-part.js";
import { byId } from "../ui/elements.js";

export class Figure {
  readonly #ask: () => void;
  readonly #root = byId("figure", HTMLElement);
  #isInView = false;
  /** The picture on show is another one than the figure's. */
  #isOld = false;

  constructor(ask: () => void) {
    this.#ask = ask;
    new IntersectionObserver((entries) => {
      this.#isInView = entries.at(-1)?.isIntersecting ?? false;
      this.#askIfNeeded();
    }).observe(this.#root);
  }

  /** There are other labels. Between the camera's frames the figure stays as it is. */
  changed(isFrame: boolean): void {
    if (isFrame) return;
    this.#isOld = true;
    this.#root.setAttribute("aria-busy", "true");
    this.#askIfNeeded();
  }

  async show(explained: Explained, classNames: readonly string[]): Promise<void> {
    try {
      const { drawFigure } = await servedPart(import("./figure.js"));
      drawFigure(this.#root, explained, classNames);
      if (!this.#isOld) this.#root.setAttribute("aria-busy", "false");
    } catch (error) {
      this.fail(errorText(error));
    }
  }

  /** It is asked for again with the next labels. */
  fail(message: string): void {
    this.#root.textContent = `The figure could not be drawn: ${message}.`;
    this.#root.setAttribute("aria-busy", "false");
  }

  #askIfNeeded(): void {
    if (!this.#isInView || !this.#isOld) return;
    this.#isOld = false;
    this.#ask();
  }
}
