/** The choice of view: side by side, or one network large. */
import { networkTitle } from "../variants.js";
import { byId, element } from "./elements.js";
import { GRID } from "./stage.js";

/** On narrow screens the view is one network large until a person chooses. */
const NARROW = "(max-width: 40rem)";

/**
 * Offers the views of these variants. Keeps the current choice if there is one, else takes `preferred`.
 * @returns the chosen view
 */
export function offerViews(
  variants: readonly string[],
  preferred: string | null,
  onChoice: (view: string) => void,
): string {
  const fieldset = byId("views", HTMLFieldSetElement);
  const current = fieldset.querySelector<HTMLInputElement>("input:checked")?.value;
  const fallback = matchMedia(NARROW).matches ? variants.at(-1) : GRID;
  const wanted = current ?? preferred ?? fallback;
  const chosen = variants.find((variant) => variant === wanted) ?? GRID;
  const choices = [GRID, ...variants].map((view) => viewChoice(view, view === chosen, onChoice));
  fieldset.replaceChildren(...fieldset.querySelectorAll("legend"), ...choices);
  return chosen;
}

function viewChoice(view: string, checked: boolean, onChoice: (view: string) => void): HTMLElement {
  const input = Object.assign(element("input"), { type: "radio", name: "view", value: view, checked });
  input.addEventListener("change", () => onChoice(view));
  return element("label", "", input, element("span", "", view === GRID ? "Side by side" : networkTitle(view)));
}
