/** What the address says: #sample=cat&view=divide&left=fcn32s&right=fcn8s&draw=cpu. It follows what a person does. */
import type { Drawing } from "./messages.js";
import { isView } from "./ui/views.js";
import type { View } from "./ui/views.js";

export interface PageState {
  readonly sample: string | undefined;
  readonly view: View;
  /** Layers beside the divider. */
  readonly left: string | undefined;
  readonly right: string | undefined;
}

const parameters = (): URLSearchParams => new URLSearchParams(location.hash.slice(1));

export function readAddress(): PageState {
  const found = parameters();
  const view = found.get("view");
  const sides = { left: found.get("left") ?? undefined, right: found.get("right") ?? undefined };
  const sample = found.get("sample") ?? undefined;
  // A network's name stood for that network beside the picture.
  if (view?.startsWith("fcn")) return { sample, view: "divide", left: "picture", right: view };
  return { sample, view: isView(view) ? view : "grid", ...sides };
}

/** What draws the canvases, for tests of the other way. */
export function readDrawing(): Drawing {
  const draw = parameters().get("draw");
  return (["gpu", "cpu"] as const).find((value) => value === draw) ?? "auto";
}

/** Writes it into the address, without a step in the history. Undefined takes an entry out. */
export function writeAddress(change: Partial<Record<keyof PageState, string | undefined>>): void {
  const found = parameters();
  found.delete("how"); // the link to the explanation
  for (const [name, value] of Object.entries(change)) {
    if (value === undefined) found.delete(name);
    else found.set(name, value);
  }
  const text = found.toString();
  history.replaceState(null, "", text === "" ? location.pathname + location.search : `#${text}`);
}
