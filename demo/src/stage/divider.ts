/** The divider: which two layers it compares, and where it stands. */
import type { Layering } from "../messages.js";
import { byId, element } from "../ui/elements.js";
import { networkTitle } from "../variants.js";

/** In selects and in the address; variants have their own names. */
const PICTURE = "picture";

const layerTitle = (layer: string): string => (layer === PICTURE ? "Picture" : networkTitle(layer));
const variantOf = (layer: string): string | undefined => (layer === PICTURE ? undefined : layer);

export interface Sides {
  readonly left: string;
  readonly right: string;
}

export interface WantedSides {
  readonly left: string | undefined;
  readonly right: string | undefined;
}

export class Divider {
  readonly slider = byId("divider", HTMLInputElement);
  readonly bar = byId("divider-bar", HTMLElement);
  readonly #left = byId("divider-left", HTMLSelectElement);
  readonly #right = byId("divider-right", HTMLSelectElement);
  #wanted: WantedSides = { left: undefined, right: undefined };

  constructor(onChange: () => void, onChoice: () => void) {
    this.slider.addEventListener("input", onChange);
    for (const select of [this.#left, this.#right])
      select.addEventListener("change", () => {
        this.#wanted = this.sides;
        onChoice();
      });
  }

  /** What the address asks for, kept for when the networks are known. */
  set wanted({ left, right }: WantedSides) {
    this.#wanted = { left, right };
    const choose = (select: HTMLSelectElement, value: string | undefined): void => {
      if (value !== undefined && [...select.options].some((option) => option.value === value)) select.value = value;
    };
    choose(this.#left, left);
    choose(this.#right, right);
  }

  offer(variants: readonly string[]): void {
    const layers = [PICTURE, ...variants];
    const choose = (select: HTMLSelectElement, wanted: string | undefined, otherwise: string): void => {
      const options = layers.map((value) => Object.assign(element("option", "", layerTitle(value)), { value }));
      select.replaceChildren(...options);
      select.value = wanted !== undefined && layers.includes(wanted) ? wanted : otherwise;
    };
    choose(this.#left, this.#wanted.left, layers[1] ?? PICTURE);
    choose(this.#right, this.#wanted.right, layers.at(-1) ?? PICTURE);
  }

  get sides(): Sides {
    return { left: this.#left.value, right: this.#right.value };
  }

  get layering(): Layering {
    return { variant: variantOf(this.#right.value), left: { variant: variantOf(this.#left.value) } };
  }

  get titles(): readonly [string, string] {
    return [layerTitle(this.#left.value), layerTitle(this.#right.value)];
  }

  get share(): number {
    return this.slider.valueAsNumber / 100;
  }
}
