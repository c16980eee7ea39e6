/**
 * The pictures: a panel for the picture itself and one for each network, side by side; or what changes from one network
 * to the next; or one large panel with a divider.
 */
import type { Adapter, PictureOnShow, LensSize, Layering, Reading, Segmented } from "../messages.js";
import { byId } from "../ui/elements.js";
import type { View } from "../ui/views.js";
import { strideOf } from "../variants.js";
import { panelContents } from "./comparisons.js";
import type { PanelContent } from "./comparisons.js";
import { Crosshair } from "./crosshair.js";
import { Divider } from "./divider.js";
import type { WantedSides } from "./divider.js";
import { deviceSize, fitPanels } from "./layout.js";
import { createPanel, setTitle } from "./panel.js";
import type { Panel } from "./panel.js";
import { readingParts, spokenReadings } from "./readings.js";
import type { FoundAt } from "./readings.js";
import { hideUnderLenses, showRegionNames } from "./region-labels.js";

export interface StageEvents {
  canvas(slot: number, canvas: OffscreenCanvas, lens: OffscreenCanvas): void;
  /** A canvas's new size in device pixels. */
  resize(slot: number, width: number, height: number): void;
  lens(size: LensSize): void;
  probe(x: number, y: number): void;
  /** What the canvases show, and where the divider stands. */
  layered(layerings: readonly Layering[], split: number): void;
  /** Other layers were chosen for the divider. */
  sides(left: string, right: string): void;
}

/** Shown until the worker has loaded a network. */
const PLACEHOLDERS = ["fcn32s", "fcn16s", "fcn8s"];

export class Stage {
  readonly #events: StageEvents;
  readonly #root = byId("panels", HTMLElement);
  readonly #spoken = byId("spoken", HTMLElement);
  readonly #cross = new Crosshair(this.#root, (point) => this.#onPoint(point));
  readonly #divider = new Divider(
    () => this.#layer(),
    () => {
      this.#events.sides(this.#divider.sides.left, this.#divider.sides.right);
      this.#layer();
    },
  );
  readonly #sizes = new ResizeObserver((entries) => entries.forEach((entry) => this.#onResize(entry)));
  #panels: Panel[] = [];
  #contents: readonly PanelContent[] = [];
  /** What draws the canvases; undefined before the worker has them. */
  #drawing: Adapter["drawing"] | undefined;
  #variants: readonly string[] = PLACEHOLDERS;
  #classNames: readonly string[] = [];
  #view: View = "grid";
  /** Until there is a picture, that of the first sample: nothing moves when it comes. */
  #size = { width: 384, height: 384, text: "" };
  #result: Segmented | undefined;
  #found: FoundAt | undefined;
  #hasNames = true;
  readonly #nameOf = (label: number): string => this.#classNames[label] ?? `class ${label}`;
  #hasLoupe = true;

  constructor(events: StageEvents) {
    this.#events = events;
    this.#divider.offer(PLACEHOLDERS);
    this.#createPanels(PLACEHOLDERS);
    this.setView(this.#view);
    new ResizeObserver(() => this.fit()).observe(document.querySelector("main") ?? document.body);
    addEventListener("resize", () => this.fit());
  }

  /** Shows a panel for each network. A canvas cannot change its kind of context, so another `drawing` replaces all. */
  setNetworks(variants: readonly string[], drawing: Adapter["drawing"], classNames: readonly string[]): void {
    const shown = this.#panels.slice(1);
    const sameVariants = variants.length === shown.length && variants.every((name, i) => name === shown[i]?.variant);
    const keepCanvases = sameVariants && drawing === this.#drawing;
    this.#classNames = classNames;
    this.#drawing = drawing;
    if (keepCanvases) return;
    this.#variants = variants;
    this.#divider.offer(variants);
    this.#createPanels(variants);
    this.#panels.forEach(({ canvas, lens }, slot) => {
      this.#events.canvas(slot, canvas.transferControlToOffscreen(), lens.transferControlToOffscreen());
      this.#sizes.observe(canvas);
    });
    this.#cross.place();
  }

  #createPanels(variants: readonly string[]): void {
    this.#sizes.disconnect();
    this.#result = undefined;
    const picture = this.#panels[0]?.surface.style.backgroundImage ?? "";
    this.#panels = [undefined, ...variants].map((variant) =>
      createPanel(variant, {
        point: (x, y, isTouch) => this.#cross.pointAt(x, y, isTouch),
        leave: () => this.#cross.leave(),
        key: (event) => this.#cross.onKey(event),
      }),
    );
    for (const { surface } of this.#panels) surface.style.backgroundImage = picture;
    this.#root.replaceChildren(...this.#panels.map(({ figure }) => figure));
  }

  #onResize(entry: ResizeObserverEntry): void {
    const slot = this.#panels.findIndex(({ canvas }) => canvas === entry.target);
    if (slot >= 0) this.#events.resize(slot, ...deviceSize(entry));
  }

  setView(view: View): void {
    this.#view = view;
    this.#root.dataset.view = view;
    const last = this.#panels.at(-1);
    const isDivided = view === "divide";
    last?.surface.after(this.#divider.slider, this.#divider.bar);
    for (const part of [this.#divider.slider, this.#divider.bar]) part.hidden = !isDivided;
    this.#layer();
    this.fit();
  }

  set wantedSides(sides: WantedSides) {
    this.#divider.wanted = sides;
    this.#layer();
  }

  /** Shows the picture at `url` behind the canvases until the worker has drawn it. */
  setPicture(url: string): void {
    for (const { surface } of this.#panels) surface.style.backgroundImage = `url("${url}")`;
  }

  /** There is another picture. What was found on the one before goes, unless its labels stay on show. */
  setSize({ width, height, full, keepsLabels }: PictureOnShow): void {
    const size = `${width} × ${height}`;
    const text = full[0] === width ? size : `${size} of ${full[0]} × ${full[1]}`;
    if (!keepsLabels || width !== this.#size.width || height !== this.#size.height) this.#result = undefined;
    this.#size = { width, height, text };
    this.#root.style.setProperty("--ratio", String(width / height));
    this.#cross.size = { width, height };
    this.fit();
    this.#layer();
  }

  show(result: Segmented): void {
    this.#result = result;
    this.#layer();
    this.#cross.rest = result.focus;
  }

  /** Fades the label maps: they belong to an earlier picture, or are not there yet. */
  setPending(pending: boolean): void {
    this.#root.classList.toggle("pending", pending);
    this.#root.classList.toggle("unlabelled", pending && !this.#result);
    this.#root.setAttribute("aria-busy", String(pending));
  }

  /** What is being done until there are labels. */
  set activity(text: string) {
    for (const { activity } of this.#panels.slice(1)) activity.textContent = text;
  }

  set hasNames(hasNames: boolean) {
    this.#hasNames = hasNames;
    this.#showNames();
  }

  set hasLoupe(hasLoupe: boolean) {
    this.#hasLoupe = hasLoupe;
    this.#root.classList.toggle("no-loupe", !hasLoupe);
    this.#avoidLens();
  }

  /** Makes the panels as large as the window allows. */
  fit(): void {
    const { width, height } = this.#size;
    if (this.#root.clientWidth === 0) return; // "Teach it" hides them
    const shown = this.#panels.filter(({ figure }) => !figure.hidden).length;
    const lens = fitPanels(this.#root, { all: this.#panels.length, shown, width, height });
    for (const { names, variant } of this.#panels) {
      const cell = 100 * (variant === undefined ? 0 : strideOf(variant));
      names.style.backgroundSize = `${cell / width}% ${cell / height}%`;
    }
    this.#events.lens(lens);
    this.#showNames();
  }

  /** Shows what was found at a pixel, unless the crosshair has moved on. */
  showReadings(x: number, y: number, colour: readonly [number, number, number], readings: readonly Reading[]): void {
    const { point } = this.#cross;
    if (point?.x !== x || point.y !== y) return;
    this.#found = { x, y, colour, readings };
    this.#showFound();
    if (this.#cross.isKeyed) this.#spoken.textContent = spokenReadings(this.#found, this.#nameOf);
  }

  #showFound(): void {
    const { point } = this.#cross;
    const found = point && this.#found?.x === point.x && this.#found.y === point.y ? this.#found : undefined;
    const scene = { width: this.#size.width, split: this.#divider.share, nameOf: this.#nameOf };
    this.#contents.forEach((content, slot) => {
      const reading = this.#panels[slot]?.reading;
      reading?.replaceChildren(...(found ? readingParts(content, found, scene) : []));
    });
  }

  #onPoint(point: { readonly x: number; readonly y: number } | undefined): void {
    if (point) this.#events.probe(point.x, point.y);
    else this.#showFound();
    this.#avoidLens();
  }

  /** Tells the worker what the canvases show, and says it in the captions. */
  #layer(): void {
    this.#contents = panelContents({
      view: this.#view,
      variants: this.#variants,
      divider: this.#divider,
      size: this.#size.text,
      changes: this.#result?.changes,
    });
    this.#contents.forEach(({ title, note, isHidden }, slot) => {
      const panel = this.#panels[slot];
      if (!panel) return;
      setTitle(panel, title);
      panel.note.textContent = note;
      panel.figure.hidden = isHidden;
    });
    this.#root.style.setProperty("--split", String(this.#divider.share));
    const split = this.#view === "divide" ? this.#divider.share : 0;
    this.#events.layered(
      this.#contents.map(({ layering }) => layering),
      split,
    );
    this.#showFound();
    this.#showNames();
  }

  #showNames(): void {
    const result = this.#hasNames ? this.#result : undefined;
    showRegionNames(this.#panels, this.#contents, { result, split: this.#divider.share, nameOf: this.#nameOf });
    this.#avoidLens();
  }

  #avoidLens(): void {
    hideUnderLenses(this.#panels, this.#hasLoupe ? this.#cross.share : undefined);
  }
}
