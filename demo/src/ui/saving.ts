/** The section "Save": the network, the kind of file, and the download. */
import type { SavedKind } from "../messages.js";
import { networkTitle } from "../variants.js";
import { byId, element } from "./elements.js";

/** Milliseconds that a file stays available to its download. */
const DOWNLOAD_TIME = 10_000;

export class Saving {
  readonly #variant = byId("save-variant", HTMLSelectElement);

  constructor(onSave: (kind: SavedKind, variant: string) => void) {
    for (const kind of ["labels", "overlay"] as const) {
      const button = byId(`save-${kind}`, HTMLButtonElement);
      button.addEventListener("click", () => onSave(kind, this.#variant.value));
    }
  }

  /** Label maps of this width and height can be saved. */
  enable([width, height]: readonly [number, number]): void {
    byId("saving", HTMLFieldSetElement).disabled = false;
    byId("save-size", HTMLElement).textContent = `${width} × ${height} px`;
  }

  /** Offers these variants and selects the last one. */
  offer(variants: readonly string[]): void {
    const options = variants.map((value) => Object.assign(element("option", "", networkTitle(value)), { value }));
    this.#variant.replaceChildren(...options);
    this.select(variants.at(-1) ?? "");
  }

  select(variant: string): void {
    this.#variant.value = variant;
  }
}

export function saveFile(name: string, blob: Blob): void {
  const link = Object.assign(element("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), DOWNLOAD_TIME);
}
