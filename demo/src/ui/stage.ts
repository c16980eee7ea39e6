/**
 * The pictures: one panel for the picture itself and one for each network, side by side or one of them large with a divider.
 * A crosshair, moved by pointer, finger or arrow keys, stands at the same pixel in all of them.
 */
import type { Adapter, Reading } from "../messages.js";
import { byId, element, percent, strideOf, titleOf } from "./elements.js";

export interface StageEvents {
  canvas(slot: number, canvas: OffscreenCanvas): void;
  resize(slot: number, width: number, height: number): void;
  probe(x: number, y: number): void;
  split(share: number): void;
}

interface Panel {
  readonly figure: HTMLElement;
  readonly surface: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  readonly reading: HTMLElement;
  readonly variant: string | undefined;
}

export const GRID = "grid";

export class Stage {
  readonly #root = byId("panels", HTMLElement);
  readonly #divider = byId("divider", HTMLInputElement);
  readonly #spoken = byId("spoken", HTMLElement);
  readonly #sizes: ResizeObserver;
  #panels: Panel[] = [];
  #drawing: Adapter["drawing"] | undefined;
  #names: readonly string[] = [];
  #view = GRID;
  #size = { width: 640, height: 400 };
  #cross: { x: number; y: number } | undefined;
  #speak = false;

  constructor(private readonly events: StageEvents) {
    this.#sizes = new ResizeObserver((entries) => {
      for (const { target, devicePixelContentBoxSize, contentRect } of entries) {
        const slot = this.#panels.findIndex(({ canvas }) => canvas === target);
        const box = devicePixelContentBoxSize?.[0];
        const [width, height] = box
          ? [box.inlineSize, box.blockSize]
          : [contentRect.width * devicePixelRatio, contentRect.height * devicePixelRatio];
        if (slot >= 0) events.resize(slot, Math.round(width), Math.round(height));
      }
    });
    this.#divider.addEventListener("input", () => this.#moveDivider());
    this.setPanels([undefined, "fcn32s", "fcn16s", "fcn8s"], "cpu", []);
  }

  /** The panels to have from now on. Canvases are kept where what draws on them stays the same. */
  setNetworks(variants: readonly string[], drawing: Adapter["drawing"], classNames: readonly string[]): void {
    this.setPanels([undefined, ...variants], drawing, classNames);
  }

  private setPanels(
    variants: readonly (string | undefined)[],
    drawing: Adapter["drawing"],
    classNames: readonly string[],
  ): void {
    const handedOver = this.#names.length > 0;
    const same =
      handedOver &&
      drawing === this.#drawing &&
      variants.length === this.#panels.length &&
      variants.every((variant, i) => variant === this.#panels[i]?.variant);
    this.#names = classNames;
    this.#drawing = drawing;
    if (same) return;
    this.#sizes.disconnect();
    this.#panels = variants.map((variant) => this.#panel(variant));
    this.#root.replaceChildren(...this.#panels.map(({ figure }) => figure));
    if (classNames.length) {
      this.#panels.forEach(({ canvas }, slot) => {
        this.events.canvas(slot, canvas.transferControlToOffscreen());
        this.#sizes.observe(canvas);
      });
    }
    this.setView(this.#view);
    this.#placeCross();
  }

  #panel(variant: string | undefined): Panel {
    const name = variant === undefined ? "Picture" : titleOf(variant);
    const canvas = element("canvas");
    const surface = element("div", "surface", canvas, element("div", "cross"));
    surface.tabIndex = 0;
    surface.setAttribute("role", "application");
    surface.setAttribute("aria-label", `${name}: the arrow keys move the crosshair, with Shift by ten pixels`);
    const reading = element("span", "reading");
    const note = element("span", "note", variant === undefined ? "" : strideOf(variant));
    const figure = element(
      "figure",
      "panel",
      element("div", "frame", surface),
      element("figcaption", "", element("strong", "", name), note, reading),
    );
    surface.addEventListener("pointermove", (event) => this.#point(event, surface));
    surface.addEventListener("pointerdown", (event) => this.#point(event, surface));
    surface.addEventListener("pointerleave", (event) => {
      if (event.pointerType === "mouse" && document.activeElement !== surface) this.#setCross(undefined);
    });
    surface.addEventListener("keydown", (event) => this.#key(event));
    return { figure, surface, canvas, reading, variant };
  }

  /** "grid", or the variant that is shown large. */
  setView(view: string): void {
    const chosen = view === GRID || this.#panels.some(({ variant }) => variant === view) ? view : GRID;
    this.#view = chosen;
    this.#root.dataset.view = chosen === GRID ? "grid" : "one";
    for (const { figure, surface, variant } of this.#panels) {
      figure.hidden = chosen !== GRID && variant !== chosen;
      if (variant === chosen) surface.after(this.#divider);
    }
    this.#divider.hidden = chosen === GRID;
    this.#moveDivider();
  }

  /** What is on show, before the worker has drawn it: `url` stands behind the canvases. */
  setPicture(url: string): void {
    for (const { surface } of this.#panels) surface.style.backgroundImage = `url("${url}")`;
    this.setPending(true);
  }

  setSize(width: number, height: number, full: readonly [number, number]): void {
    const same = this.#size.width === width && this.#size.height === height;
    this.#size = { width, height };
    this.#root.style.setProperty("--ratio", String(width / height));
    this.#root.classList.toggle("tall", width < 0.8 * height);
    const note = this.#panels[0]?.figure.querySelector(".note");
    if (note)
      note.textContent = full[0] === width ? `${width} × ${height}` : `${width} × ${height} of ${full[0]} × ${full[1]}`;
    if (!same) this.#setCross(undefined);
  }

  /** New labels are there: what stands under the crosshair is asked for again. */
  refresh(): void {
    if (this.#cross) this.events.probe(this.#cross.x, this.#cross.y);
  }

  /** While the networks run, or before they ever have. */
  setPending(pending: boolean): void {
    this.#root.classList.toggle("pending", pending);
    this.#root.setAttribute("aria-busy", String(pending));
  }

  showReadings(x: number, y: number, [r, g, b]: readonly [number, number, number], readings: readonly Reading[]): void {
    if (this.#cross?.x !== x || this.#cross.y !== y) return;
    const hex = `#${[r, g, b].map((v) => v.toString(16).padStart(2, "0")).join("")}`;
    for (const { variant, reading } of this.#panels) {
      const found = readings.find((entry) => entry.variant === variant);
      reading.textContent =
        variant === undefined
          ? `${x}, ${y}  ${hex}`
          : found
            ? `${this.#nameOf(found.label)} ${percent(found.probability)}`
            : "";
    }
    if (this.#speak)
      this.#spoken.textContent = `Column ${x}, row ${y}. ${readings.map(({ variant, label, probability }) => `${titleOf(variant)}: ${this.#nameOf(label)}, ${percent(probability)}`).join(". ")}.`;
  }

  #nameOf(label: number): string {
    return this.#names[label] ?? `class ${label}`;
  }

  #moveDivider(): void {
    const share = this.#divider.hidden ? 0 : this.#divider.valueAsNumber / 100;
    this.#root.style.setProperty("--split", String(share));
    this.events.split(share);
  }

  #point(event: PointerEvent, surface: HTMLElement): void {
    const box = surface.getBoundingClientRect();
    this.#speak = false;
    this.#setCross({
      x: ((event.clientX - box.left) / box.width) * this.#size.width,
      y: ((event.clientY - box.top) / box.height) * this.#size.height,
    });
  }

  #key(event: KeyboardEvent): void {
    const { width, height } = this.#size;
    const step = event.shiftKey ? 10 : 1;
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [-step, 0],
      ArrowRight: [step, 0],
      ArrowUp: [0, -step],
      ArrowDown: [0, step],
    };
    const move = moves[event.key];
    if (event.key === "Escape") return this.#setCross(undefined);
    if (!move) return;
    event.preventDefault();
    const { x, y } = this.#cross ?? { x: width >> 1, y: height >> 1 };
    this.#speak = true;
    this.#setCross({ x: x + move[0], y: y + move[1] });
  }

  #setCross(at: { x: number; y: number } | undefined): void {
    const within = (v: number, size: number): number => Math.min(size - 1, Math.max(0, Math.floor(v)));
    this.#cross = at && { x: within(at.x, this.#size.width), y: within(at.y, this.#size.height) };
    this.#placeCross();
    if (this.#cross) this.events.probe(this.#cross.x, this.#cross.y);
    else for (const { reading } of this.#panels) reading.textContent = "";
  }

  #placeCross(): void {
    this.#root.classList.toggle("crossed", this.#cross !== undefined);
    if (!this.#cross) return;
    this.#root.style.setProperty("--x", String((this.#cross.x + 0.5) / this.#size.width));
    this.#root.style.setProperty("--y", String((this.#cross.y + 0.5) / this.#size.height));
  }
}
