/** The row below the picture: the buttons of the training, and how it goes. */
import { element, movingFocus } from "../ui/elements.js";
import { button } from "./brush-bar.js";

export interface ActionEvents {
  teach(): void;
  stop(): void;
  startAgain(): void;
}

export class ActionRow {
  readonly #go: HTMLButtonElement;
  readonly #again: HTMLButtonElement;
  readonly #status = element("p", "teach-status");
  readonly root: HTMLElement;
  #busy = false;

  constructor(events: ActionEvents) {
    this.#go = button("Teach", () => (this.#busy ? events.stop() : events.teach()));
    this.#go.classList.add("primary");
    this.#again = button("Start again", () => events.startAgain());
    this.#again.title = "Forgets what was learned; the strokes stay";
    this.#status.setAttribute("role", "status");
    this.root = element("div", "teach-actions", this.#go, this.#again, this.#status);
  }

  show({ busy, taught }: { readonly busy: boolean; readonly taught: boolean }): void {
    this.#busy = busy;
    this.#go.textContent = busy ? "Stop" : taught ? "Teach more" : "Teach";
    movingFocus(this.#again, this.#go, () => (this.#again.disabled = !busy && !taught));
  }

  set status(sentence: string) {
    this.#status.textContent = sentence;
  }
}
