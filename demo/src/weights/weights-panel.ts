/** Other weights: by name, by address, from a file, and those that the browser keeps. Loaded when it is opened. */
import "./weights.css";
import { errorText } from "../error-text.js";
import type { ChosenWeights } from "../messages.js";
import { byId, element } from "../ui/elements.js";
import { formatMegabytes } from "../ui/format.js";
import { connectChooser } from "../ui/sources.js";
import { keptWeights } from "./kept.js";
import type { KeptWeights } from "./kept.js";
import { NAMED_CHOICES } from "./named.js";

/** Addresses of other machines that the page's security policy lets it load, and those of this one. */
const ALLOWED_ADDRESS = String.raw`https://.+|http://(localhost|127\.0\.0\.1)(:\d+)?(/.*)?`;

export class WeightsPanel {
  readonly #root = byId("weights-panel", HTMLElement);
  readonly #load: (weights: ChosenWeights) => void;
  readonly #fail: (sentence: string) => void;
  readonly #kept = element("ul", "kept");
  readonly #keptTitle = element("h3", "", "Kept in this browser");

  constructor(load: (weights: ChosenWeights) => void, fail: (sentence: string) => void) {
    this.#load = load;
    this.#fail = fail;
    this.#root.replaceChildren(
      element("h3", "", "By name"),
      element("ul", "", ...NAMED_CHOICES.map((choice) => this.#namedRow(choice))),
      ...[this.#keptTitle, this.#kept],
      element("h3", "", "Your own"),
      this.#addressForm(),
      fileChooser(),
    );
    connectChooser("checkpoint", ([file]) => file && this.#load({ kind: "file", file }));
  }

  async show(isOpen: boolean): Promise<void> {
    this.#root.hidden = !isOpen;
    if (!isOpen) return;
    await this.refresh();
    this.#root.scrollIntoView({ block: "nearest" });
  }

  /** What is kept has changed. */
  async refresh(): Promise<void> {
    const kept = await keptWeights();
    const focused = this.#kept.contains(document.activeElement) ? document.activeElement?.ariaLabel : undefined;
    this.#kept.replaceChildren(...kept.map((one) => this.#keptRow(one)));
    for (const part of [this.#keptTitle, this.#kept]) part.hidden = kept.length === 0;
    if (typeof focused !== "string") return;
    const again = [...this.#kept.querySelectorAll("button")].find(({ ariaLabel }) => ariaLabel === focused);
    (again ?? byId("weights-open", HTMLButtonElement)).focus({ preventScroll: true });
  }

  #namedRow({ name, title, bytes, knows }: (typeof NAMED_CHOICES)[number]): HTMLElement {
    const use = button("Use", `Use ${title}`, () => this.#load({ kind: "address", address: name }));
    return row(title, bytes, use, element("p", "soft", knows));
  }

  #keptRow(kept: KeptWeights): HTMLElement {
    const use = button("Use", `Use ${kept.title}`, () => this.#do(async () => this.#load(await kept.take())));
    const remove = button("Remove", `Remove ${kept.title} from this browser`, () =>
      this.#do(async () => {
        await kept.remove();
        await this.refresh(); // moves the focus from this button, which is gone
      }),
    );
    const note = kept.whole ? [] : [element("p", "soft", "Not complete yet: Use goes on with the download.")];
    return row(kept.title, kept.bytes, use, remove, ...note);
  }

  #do(work: () => Promise<void>): void {
    work().catch((error: unknown) => this.#fail(errorText(error)));
  }

  #addressForm(): HTMLElement {
    const input = Object.assign(element("input"), {
      ...{ id: "weights-address", type: "url", placeholder: "https://…/net.pth", required: true },
      ...{ pattern: ALLOWED_ADDRESS, title: "An address that begins with https://, or is on this machine" },
    });
    const go = Object.assign(element("button", "button", "Load"), { type: "submit" });
    const label = Object.assign(element("label", "", "Address"), { htmlFor: input.id });
    const form = element("form", "address", label, input, go);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#load({ kind: "address", address: input.value.trim() });
    });
    return form;
  }
}

/** It is in the page's document, since it is found there by its id. */
function fileChooser(): HTMLElement {
  const input = Object.assign(element("input"), { id: "checkpoint", type: "file", accept: ".safetensors,.pth,.pt" });
  const label = element("label", "button", input, "File …");
  label.title = "A safetensors file, or a .pth file as PyTorch saved it. You may also drop it on the page";
  return label;
}

function row(title: string, bytes: number, ...parts: HTMLElement[]): HTMLElement {
  const size = element("span", "soft", `${formatMegabytes(bytes)}\u00a0MB`);
  return element("li", "", element("span", "weights-title", title), size, ...parts);
}

function button(text: string, description: string, act: () => void): HTMLButtonElement {
  const made = Object.assign(element("button", "button small", text), { type: "button", ariaLabel: description });
  made.addEventListener("click", act);
  return made;
}
