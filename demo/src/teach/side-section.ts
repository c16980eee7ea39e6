/** What stands beside the picture: the classes, how the training goes, and the file. */
import { byId, element } from "../ui/elements.js";
import { button } from "./brush-bar.js";
import type { ClassList } from "./class-list.js";
import { LossCurve } from "./curve.js";

export interface SideEvents {
  save(): void;
  close(): void;
}

const INTRODUCTION =
  "Name something, paint a few strokes on it, and a few on what is not it. New heads then learn on the features of " +
  "the network. Nothing leaves this machine.";

export class SideSection {
  readonly curve = new LossCurve();
  readonly #save: HTMLButtonElement;
  readonly #root: HTMLElement;

  constructor(events: SideEvents, classes: ClassList) {
    this.#save = button("Save network", () => events.save());
    this.#save.title = "A safetensors file: backbone and the new heads, which this page and the library load";
    const close = button("Close", () => events.close());
    close.className = "quiet";
    const title = element("h2", "", "Teach it", close);
    title.id = "teach-title";
    const introduction = element("p", "soft", INTRODUCTION);
    this.#root = element("section", "teach-side", title, introduction, classes.root, this.curve.root, this.#save);
    this.#root.setAttribute("aria-labelledby", title.id);
  }

  open(): void {
    const [side] = document.getElementsByClassName("side");
    side?.prepend(this.#root);
  }

  close(): void {
    this.#root.remove();
    byId("teach", HTMLButtonElement).focus();
  }

  set saveable(saveable: boolean) {
    this.#save.disabled = !saveable;
  }
}
