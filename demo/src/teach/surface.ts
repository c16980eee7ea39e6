/**
 * The picture that is painted on: pointer, pen and finger paint strokes, and so do keys. Above the picture lie the
 * labels that were found, above them the strokes, and the brush on top.
 */
import { element } from "../ui/elements.js";
import { cssColour } from "./colours.js";
import { drawLabels, drawStrokes } from "./drawing.js";
import type { TaughtLabels } from "./messages.js";
import type { Stroke } from "./strokes.js";
import { nextPosition } from "./brush-keys.js";
import type { Position } from "./brush-keys.js";

export interface SurfaceEvents {
  painted(stroke: Stroke): void;
  undo(): void;
  /** What a person who does not see the picture is told. */
  spoken(sentence: string): void;
  nameOf(label: number): string;
}

export interface Brush {
  readonly label: number;
  /** Share of the longer side. */
  readonly radius: number;
}

const HELP =
  "Picture to paint on: the arrow keys move the brush, with Shift farther; Space puts it down and lifts it; " +
  "Control and Z undo";

export class Surface {
  readonly #events: SurfaceEvents;
  readonly #image = element("img");
  readonly #result = element("canvas", "teach-result");
  readonly #strokeCanvas = element("canvas", "teach-strokes");
  readonly #cursor = element("div", "teach-cursor");
  readonly root = element("div", "teach-surface", this.#image, this.#result, this.#strokeCanvas, this.#cursor);
  #brush: Brush = { label: 1, radius: 0.02 };
  #strokes: readonly Stroke[] = [];
  #labels: TaughtLabels | undefined;
  /** The stroke in the making. */
  #points: number[] | undefined;
  #pointer: number | undefined;
  #position: Position = { x: 0.5, y: 0.5 };

  constructor(events: SurfaceEvents) {
    this.#events = events;
    this.#image.alt = "";
    this.#image.draggable = false;
    this.#image.addEventListener("load", () => this.#onLoad());
    Object.assign(this.root, { tabIndex: 0, role: "application", ariaLabel: HELP });
    this.root.addEventListener("pointerdown", (event) => this.#onDown(event));
    this.root.addEventListener("pointermove", (event) => this.#onMove(event));
    this.root.addEventListener("pointerup", (event) => event.pointerId === this.#pointer && this.#lift());
    this.root.addEventListener("pointercancel", () => this.#drop());
    this.root.addEventListener("keydown", (event) => this.#onKey(event));
    this.root.addEventListener("blur", () => this.#pointer === undefined && this.#lift());
    new ResizeObserver(() => this.#resize()).observe(this.root);
  }

  set brush(brush: Brush) {
    this.#brush = brush;
    this.#placeCursor();
  }

  set strokes(strokes: readonly Stroke[]) {
    this.#strokes = strokes;
    this.#draw();
  }

  set picture(url: string) {
    this.#drop();
    this.labels = undefined;
    this.#image.src = url;
  }

  /** What was found on the picture. */
  set labels(labels: TaughtLabels | undefined) {
    this.#labels = labels;
    this.#result.hidden = labels === undefined;
    if (labels) drawLabels(this.#result, labels);
  }

  /** Whether what was found, or painted, is to be seen. */
  setVisible(layer: "strokes" | "result", visible: boolean): void {
    this.root.classList.toggle(`no-${layer}`, !visible);
  }

  #onLoad(): void {
    const { naturalWidth: width, naturalHeight: height } = this.#image;
    this.root.style.setProperty("--ratio", String(width / height));
    this.#resize();
  }

  #resize(): void {
    const { width, height } = this.root.getBoundingClientRect();
    this.#strokeCanvas.width = Math.round(width * devicePixelRatio);
    this.#strokeCanvas.height = Math.round(height * devicePixelRatio);
    this.#draw();
    this.#placeCursor();
  }

  #draw(): void {
    const { label, radius } = this.#brush;
    drawStrokes(this.#strokeCanvas, [
      ...this.#strokes,
      ...(this.#points ? [{ label, radius, points: this.#points }] : []),
    ]);
  }

  #onDown(event: PointerEvent): void {
    if (event.button !== 0 || !event.isPrimary) return;
    this.root.focus({ preventScroll: true });
    this.root.setPointerCapture(event.pointerId);
    this.#pointer = event.pointerId;
    this.#points = [];
    this.#paintTo(event);
  }

  #onMove(event: PointerEvent): void {
    this.root.classList.toggle("touched", event.pointerType === "touch");
    if (event.pointerId === this.#pointer) for (const one of coalesced(event)) this.#paintTo(one);
    else if (this.#points === undefined) this.#moveTo(this.#positionOf(event));
  }

  #positionOf({ clientX, clientY }: PointerEvent): Position {
    const { left, top, width, height } = this.root.getBoundingClientRect();
    const within = (value: number): number => Math.min(1, Math.max(0, value));
    return { x: within((clientX - left) / width), y: within((clientY - top) / height) };
  }

  #paintTo(event: PointerEvent): void {
    this.#moveTo(this.#positionOf(event));
    this.#extend();
  }

  #moveTo(position: Position): void {
    this.#position = position;
    this.#placeCursor();
  }

  #extend(): void {
    this.#points?.push(this.#position.x, this.#position.y);
    this.#draw();
  }

  /** The stroke is done. */
  #lift(): void {
    const points = this.#points;
    const { label, radius } = this.#brush;
    this.#drop();
    if (!points) return;
    this.#events.painted({ label, radius, points });
    this.#events.spoken(`A stroke of ${this.#events.nameOf(label)} is painted.`);
  }

  /** Ends the stroke in the making without painting it. */
  #drop(): void {
    this.#points = undefined;
    this.#pointer = undefined;
    this.#draw();
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      return this.#events.undo();
    }
    if (event.key === "Escape") return this.#drop();
    if (event.key === " ") {
      event.preventDefault();
      if (event.repeat) return;
      if (this.#points) return this.#lift();
      this.#points = [];
      this.#extend();
      return this.#events.spoken(`The brush ${this.#events.nameOf(this.#brush.label)} is down at ${this.#place()}.`);
    }
    const { width, height } = this.root.getBoundingClientRect();
    const next = nextPosition(event, this.#position, width / height);
    if (!next) return;
    event.preventDefault();
    this.root.classList.remove("touched");
    this.#moveTo(next);
    if (this.#points) this.#extend();
    this.#events.spoken(`${this.#place()}${this.#found()}`);
  }

  #place(): string {
    const percent = (share: number): string => `${Math.round(share * 100)} %`;
    return `${percent(this.#position.x)} across, ${percent(this.#position.y)} down`;
  }

  /** The label that was found at the brush, for a person who does not see it. */
  #found(): string {
    if (!this.#labels) return "";
    const { width, height, labels } = this.#labels;
    const pixel = (share: number, size: number): number => Math.min(size - 1, Math.floor(share * size));
    const label = labels[pixel(this.#position.y, height) * width + pixel(this.#position.x, width)] ?? 0;
    return `: ${this.#events.nameOf(label)}`;
  }

  #placeCursor(): void {
    const { width, height } = this.root.getBoundingClientRect();
    const { style } = this.#cursor;
    style.left = `${this.#position.x * 100}%`;
    style.top = `${this.#position.y * 100}%`;
    style.width = `${2 * this.#brush.radius * Math.max(width, height)}px`;
    style.setProperty("--colour", cssColour(this.#brush.label));
  }
}

/** All positions since the last event: browsers join those of one frame. */
function coalesced(event: PointerEvent): readonly PointerEvent[] {
  const events = "getCoalescedEvents" in event ? event.getCoalescedEvents() : []; // Safari before 18.2 lacks it
  return events.length > 0 ? events : [event];
}
