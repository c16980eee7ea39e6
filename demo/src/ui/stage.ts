/**
 * The pictures: a panel for the picture itself and one for each network, side by side, or one network large with a
 * divider. Pointer, finger and arrow keys move a crosshair that marks the same pixel in all panels.
 */
import type { Adapter, Reading } from "../messages.js";
import { networkTitle } from "../variants.js";
import { byId } from "./elements.js";
import { formatShare } from "./format.js";
import { createPanel } from "./panel.js";
import type { Panel } from "./panel.js";

export interface StageEvents {
  canvas(slot: number, canvas: OffscreenCanvas): void;
  /** A canvas's new size in device pixels. */
  resize(slot: number, width: number, height: number): void;
  probe(x: number, y: number): void;
  split(share: number): void;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** The view with all panels side by side. Other views are named by their variant. */
export const GRID = "grid";

/** Pictures narrower than this share of their height are tall: all four panels fit in one row. */
const TALL_RATIO = 0.8;

/** Shown until the worker has loaded a network. */
const PLACEHOLDERS = ["fcn32s", "fcn16s", "fcn8s"];

export class Stage {
  readonly #events: StageEvents;
  readonly #root = byId("panels", HTMLElement);
  readonly #divider = byId("divider", HTMLInputElement);
  readonly #spoken = byId("spoken", HTMLElement);
  readonly #sizes = new ResizeObserver((entries) => entries.forEach((entry) => this.#onResize(entry)));
  #panels: Panel[] = [];
  /** What draws the canvases; undefined before the worker has them. */
  #drawing: Adapter["drawing"] | undefined;
  #classNames: readonly string[] = [];
  #view = GRID;
  #size = { width: 640, height: 400 };
  /** Pixel of the picture under the crosshair. */
  #cross: Point | undefined;
  /** Whether readings are spoken: the crosshair was moved by keys. */
  #speak = false;

  constructor(events: StageEvents) {
    this.#events = events;
    this.#divider.addEventListener("input", () => this.#moveDivider());
    this.#createPanels(PLACEHOLDERS);
    this.setView(this.#view);
  }

  /** Shows a panel for each network. A canvas cannot change its kind of context, so another `drawing` replaces all. */
  setNetworks(variants: readonly string[], drawing: Adapter["drawing"], classNames: readonly string[]): void {
    const shown = this.#panels.slice(1);
    const sameVariants = variants.length === shown.length && variants.every((name, i) => name === shown[i]?.variant);
    const keepCanvases = sameVariants && drawing === this.#drawing;
    this.#classNames = classNames;
    this.#drawing = drawing;
    if (keepCanvases) return;
    this.#createPanels(variants);
    this.#panels.forEach(({ canvas }, slot) => {
      this.#events.canvas(slot, canvas.transferControlToOffscreen());
      this.#sizes.observe(canvas);
    });
    this.setView(this.#view);
    this.#placeCross();
  }

  #createPanels(variants: readonly string[]): void {
    this.#sizes.disconnect();
    this.#panels = [undefined, ...variants].map((variant) =>
      createPanel(variant, {
        point: (x, y) => {
          this.#speak = false;
          this.#setCross({ x: x * this.#size.width, y: y * this.#size.height });
        },
        leave: () => this.#setCross(undefined),
        key: (event) => this.#onKey(event),
      }),
    );
    this.#root.replaceChildren(...this.#panels.map(({ figure }) => figure));
  }

  #onResize({ target, devicePixelContentBoxSize, contentRect }: ResizeObserverEntry): void {
    const slot = this.#panels.findIndex(({ canvas }) => canvas === target);
    const box = devicePixelContentBoxSize?.[0]; // some browsers lack it
    const width = box?.inlineSize ?? contentRect.width * devicePixelRatio;
    const height = box?.blockSize ?? contentRect.height * devicePixelRatio;
    if (slot >= 0) this.#events.resize(slot, Math.round(width), Math.round(height));
  }

  /** GRID, or the variant to show large. An unknown variant gives GRID. */
  setView(view: string): void {
    const one = this.#panels.find(({ variant }) => variant !== undefined && variant === view);
    this.#view = one?.variant ?? GRID;
    this.#root.dataset.view = one ? "one" : GRID;
    for (const { figure, variant } of this.#panels) figure.hidden = one !== undefined && variant !== one.variant;
    one?.surface.after(this.#divider);
    this.#divider.hidden = !one;
    this.#moveDivider();
  }

  /** Shows the picture at `url` behind the canvases until the worker has drawn it. */
  setPicture(url: string): void {
    for (const { surface } of this.#panels) surface.style.backgroundImage = `url("${url}")`;
    this.setPending(true);
  }

  /** Size of the picture as the network sees it, and `full`, the size of its file. */
  setSize(width: number, height: number, full: readonly [number, number]): void {
    const same = this.#size.width === width && this.#size.height === height;
    this.#size = { width, height };
    this.#root.style.setProperty("--ratio", String(width / height));
    this.#root.classList.toggle("tall", width < TALL_RATIO * height);
    const note = this.#panels[0]?.note;
    const size = `${width} × ${height}`;
    if (note) note.textContent = full[0] === width ? size : `${size} of ${full[0]} × ${full[1]}`;
    if (!same) this.#setCross(undefined);
  }

  /** Reads the pixel under the crosshair again: its labels have changed. */
  refresh(): void {
    if (this.#cross) this.#events.probe(this.#cross.x, this.#cross.y);
  }

  /** Fades the label maps: they belong to an earlier picture, or are not there yet. */
  setPending(pending: boolean): void {
    this.#root.classList.toggle("pending", pending);
    this.#root.setAttribute("aria-busy", String(pending));
  }

  /** Shows what was found at a pixel, unless the crosshair has moved on. */
  showReadings(x: number, y: number, colour: readonly [number, number, number], readings: readonly Reading[]): void {
    if (this.#cross?.x !== x || this.#cross.y !== y) return;
    const hex = colour.map((value) => value.toString(16).padStart(2, "0")).join("");
    for (const { variant, reading } of this.#panels) {
      const found = readings.find((entry) => entry.variant === variant);
      if (variant === undefined) reading.textContent = `${x}, ${y}  #${hex}`;
      else reading.textContent = found ? `${this.#classOf(found)} ${formatShare(found.probability)}` : "";
    }
    if (!this.#speak) return;
    const spoken = readings.map(
      (found) => `${networkTitle(found.variant)}: ${this.#classOf(found)}, ${formatShare(found.probability)}`,
    );
    this.#spoken.textContent = `Column ${x}, row ${y}. ${spoken.join(". ")}.`;
  }

  #classOf({ label }: Reading): string {
    return this.#classNames[label] ?? `class ${label}`;
  }

  #moveDivider(): void {
    const share = this.#divider.hidden ? 0 : this.#divider.valueAsNumber / 100;
    this.#root.style.setProperty("--split", String(share));
    this.#events.split(share);
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key === "Escape") return this.#setCross(undefined);
    const step = event.shiftKey ? 10 : 1;
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [-step, 0],
      ArrowRight: [step, 0],
      ArrowUp: [0, -step],
      ArrowDown: [0, step],
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    const { x, y } = this.#cross ?? { x: Math.floor(this.#size.width / 2), y: Math.floor(this.#size.height / 2) };
    this.#speak = true;
    this.#setCross({ x: x + move[0], y: y + move[1] });
  }

  /** Moves the crosshair to the pixel at or nearest to a point, or hides it. */
  #setCross(point: Point | undefined): void {
    const within = (value: number, size: number): number => Math.min(size - 1, Math.max(0, Math.floor(value)));
    this.#cross = point && { x: within(point.x, this.#size.width), y: within(point.y, this.#size.height) };
    this.#placeCross();
    if (!this.#cross) for (const { reading } of this.#panels) reading.textContent = "";
    this.refresh();
  }

  #placeCross(): void {
    this.#root.classList.toggle("crossed", this.#cross !== undefined);
    if (!this.#cross) return;
    this.#root.style.setProperty("--x", String((this.#cross.x + 0.5) / this.#size.width));
    this.#root.style.setProperty("--y", String((this.#cross.y + 0.5) / this.#size.height));
  }
}
