/** The choice of view. */
import { byId, element } from "./elements.js";

export const VIEWS = {
  grid: "Side by side",
  differ: "Where they differ",
  divide: "Divider",
} as const;

export type View = keyof typeof VIEWS;

export const isView = (text: string | null): text is View => text !== null && Object.hasOwn(VIEWS, text);

/** Offers the views; networks differ only where there are several. @returns the chosen view */
export function offerViews(networks: number, wanted: View, onChoice: (view: View) => void): View {
  const fieldset = byId("views", HTMLFieldSetElement);
  const views = (Object.keys(VIEWS) as View[]).filter((view) => view !== "differ" || networks > 1);
  const chosen = views.includes(wanted) ? wanted : "grid";
  const hasFocus = fieldset.contains(document.activeElement);
  const choices = views.map((view) => viewChoice(view, view === chosen, onChoice));
  fieldset.replaceChildren(...fieldset.querySelectorAll("legend"), ...choices);
  if (hasFocus) fieldset.querySelector<HTMLInputElement>("input:checked")?.focus();
  return chosen;
}

function viewChoice(view: View, checked: boolean, onChoice: (view: View) => void): HTMLElement {
  const input = Object.assign(element("input"), { type: "radio", name: "view", value: view, checked });
  input.addEventListener("change", () => onChoice(view));
  return element("label", "", input, element("span", "", VIEWS[view]));
}
