/** A panel of the stage: a canvas with its loupe, the names of regions, its caption, and the reading of a pixel. */
import { networkTitle } from "../variants.js";
import { element } from "../ui/elements.js";

export interface Panel {
  readonly figure: HTMLElement;
  /** Takes pointer and keys; shows the picture behind the canvas until the worker has drawn it. */
  readonly surface: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  readonly lens: HTMLCanvasElement;
  /** Holds the names of regions. */
  readonly names: HTMLElement;
  readonly title: HTMLElement;
  /** Soft text of the caption. */
  readonly note: HTMLElement;
  readonly reading: HTMLElement;
  /** What is being done until there are labels. */
  readonly activity: HTMLElement;
  /** The network whose labels it shows side by side; undefined for the bare picture. */
  readonly variant: string | undefined;
}

export interface PanelEvents {
  /** A pointer is at this share of the panel's width and height. */
  point(x: number, y: number, isTouch: boolean): void;
  leave(): void;
  key(event: KeyboardEvent): void;
}

export function createPanel(variant: string | undefined, events: PanelEvents): Panel {
  const canvas = element("canvas", "drawn");
  const lens = element("canvas", "lens");
  const names = element("div", "names");
  names.setAttribute("aria-hidden", "true"); // the table of classes has them
  const reading = element("span", "reading");
  const activity = element("span", "activity");
  activity.setAttribute("aria-hidden", "true"); // the status line says it
  const surface = element("div", "surface", canvas, names, element("div", "cross"), lens, reading, activity);
  surface.tabIndex = 0;
  surface.setAttribute("role", "application");
  connectSurface(surface, events);
  const title = element("strong");
  const note = element("span", "note");
  const figure = element("figure", "panel", element("div", "frame", surface), element("figcaption", "", title, note));
  const panel = { figure, surface, canvas, lens, names, title, note, reading, activity, variant };
  setTitle(panel, variant === undefined ? "Picture" : networkTitle(variant));
  return panel;
}

export function setTitle({ title, surface }: Panel, text: string): void {
  title.textContent = text;
  surface.setAttribute("aria-label", `${text}: the arrow keys move the loupe, with Shift by ten pixels`);
}

function connectSurface(surface: HTMLElement, events: PanelEvents): void {
  const point = ({ clientX, clientY, pointerType }: PointerEvent): void => {
    const { left, top, width, height } = surface.getBoundingClientRect();
    events.point((clientX - left) / width, (clientY - top) / height, pointerType === "touch");
  };
  surface.addEventListener("pointermove", point);
  surface.addEventListener("pointerdown", point);
  surface.addEventListener("pointerleave", ({ pointerType }) => {
    if (pointerType === "mouse" && document.activeElement !== surface) events.leave();
  });
  surface.addEventListener("keydown", (event) => events.key(event));
}
