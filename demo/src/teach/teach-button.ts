/** The button "Teach it". It loads the panel when it is pressed for the first time. */
import { errorText } from "../error-text.js";
import type { Side } from "../messages.js";
import { servedPart } from "../served-part.js";
import { byId } from "../ui/elements.js";
import type { TeachPicture, TeachReply, TeachRequest } from "./messages.js";
import type { TeachPanel } from "./panel.js";

/** What the panel asks of the page. */
export interface TeachHost {
  send(request: TeachRequest): void;
  side(): Side;
  fail(sentence: string): void;
  /** The panel's own button was pressed. */
  close(): void;
}

export interface TeachButtonEvents extends Omit<TeachHost, "close"> {
  /** Comes before the panel opens. Gives the picture to paint on. */
  picture(): Promise<TeachPicture | undefined>;
}

export class TeachButton {
  readonly #events: TeachButtonEvents;
  readonly #button = byId("teach", HTMLButtonElement);
  #panel: TeachPanel | undefined;

  constructor(events: TeachButtonEvents) {
    this.#events = events;
    this.#button.addEventListener("click", () => {
      if (this.#button.ariaDisabled === "true") return; // a disabled button would lose the focus
      void (this.isOpen ? this.close() : this.#open());
    });
  }

  get isOpen(): boolean {
    return this.#button.getAttribute("aria-pressed") === "true";
  }

  /** A network is there. */
  enable(): void {
    this.#button.disabled = false;
  }

  show(picture: TeachPicture): void {
    if (this.isOpen) this.#panel?.show(picture);
  }

  onReply(reply: TeachReply): void {
    this.#panel?.onReply(reply);
  }

  close(): void {
    if (!this.isOpen) return;
    this.#press(false);
    this.#panel?.close();
  }

  async #open(): Promise<void> {
    this.#button.ariaDisabled = "true";
    try {
      const { TeachPanel } = await servedPart(import("./panel.js"));
      this.#panel ??= new TeachPanel({ ...this.#events, close: () => this.close() });
      const picture = await this.#events.picture();
      this.#press(true);
      this.#panel.open(picture);
    } catch (error) {
      this.#events.fail(`"Teach it" could not be opened: ${errorText(error)}`);
    } finally {
      this.#button.ariaDisabled = null;
    }
  }

  #press(isOpen: boolean): void {
    this.#button.setAttribute("aria-pressed", String(isOpen));
  }
}
