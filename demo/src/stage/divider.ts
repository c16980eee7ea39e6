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
  #layers: readonly string[] = [PICTURE];
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
    this.#choose();
  }

  offer(variants: readonly string[]): void {
    this.#layers = [PICTURE, ...variants];
    for (const select of [this.#left, this.#right])
      select.replaceChildren(
        ...this.#layers.map((value) => Object.assign(element("option", "", layerTitle(value)), { value })),
      );
    this.#choose();
  }

  /** The layers that are wanted; the coarsest and the finest network where there are none of these. */
  #choose(): void {
    const known = (wanted: string | undefined): string | undefined => this.#layers.find((layer) => layer === wanted);
    this.#left.value = known(this.#wanted.left) ?? this.#layers[1] ?? PICTURE;
    this.#right.value = known(this.#wanted.right) ?? this.#layers.at(-1) ?? PICTURE;
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
