/** A panel of the stage: a canvas with a crosshair, its caption, and the reading of the pixel under the crosshair. */
import { networkTitle, strideNote } from "../variants.js";
import { element } from "./elements.js";

export interface Panel {
  readonly figure: HTMLElement;
  /** Takes pointer and keys; shows the picture behind the canvas until the worker has drawn it. */
  readonly surface: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  /** Soft text of the caption: the stride, or the picture's size. */
  readonly note: HTMLElement;
  readonly reading: HTMLElement;
  /** The network whose labels it shows; undefined for the bare picture. */
  readonly variant: string | undefined;
}

export interface PanelEvents {
  /** A pointer is at this share of the panel's width and height. */
  point(x: number, y: number): void;
  leave(): void;
  key(event: KeyboardEvent): void;
}

export function createPanel(variant: string | undefined, events: PanelEvents): Panel {
  const name = variant === undefined ? "Picture" : networkTitle(variant);
  const canvas = element("canvas");
  const surface = element("div", "surface", canvas, element("div", "cross"));
  surface.tabIndex = 0;
  surface.setAttribute("role", "application");
  surface.setAttribute("aria-label", `${name}: the arrow keys move the crosshair, with Shift by ten pixels`);
  connectSurface(surface, events);
  const note = element("span", "note", variant === undefined ? "" : strideNote(variant));
  const reading = element("span", "reading");
  const caption = element("figcaption", "", element("strong", "", name), note, reading);
  const figure = element("figure", "panel", element("div", "frame", surface), caption);
  return { figure, surface, canvas, note, reading, variant };
}

function connectSurface(surface: HTMLElement, events: PanelEvents): void {
  const point = ({ clientX, clientY }: PointerEvent): void => {
    const { left, top, width, height } = surface.getBoundingClientRect();
    events.point((clientX - left) / width, (clientY - top) / height);
  };
  surface.addEventListener("pointermove", point);
  surface.addEventListener("pointerdown", point);
  surface.addEventListener("pointerleave", ({ pointerType }) => {
    if (pointerType === "mouse" && document.activeElement !== surface) events.leave();
  });
  surface.addEventListener("keydown", (event) => events.key(event));
}
