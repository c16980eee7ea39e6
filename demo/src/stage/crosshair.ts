/** The pixel that is looked at: the loupes show its surroundings. Pointer, finger and arrow keys move it. */
import type { Point } from "../messages.js";

interface Size {
  readonly width: number;
  readonly height: number;
}

export class Crosshair {
  readonly #root: HTMLElement;
  readonly #moved: (point: Point | undefined) => void;
  #size: Size = { width: 640, height: 400 };
  #point: Point | undefined;
  /** Where it rests while nobody points. */
  #rest: Point | undefined;
  #isPointed = false;
  /** Hidden by the Escape key until somebody points. */
  #isHidden = false;
  /** Whether readings are spoken: keys have moved it. */
  isKeyed = false;

  constructor(root: HTMLElement, moved: (point: Point | undefined) => void) {
    this.#root = root;
    this.#moved = moved;
  }

  get point(): Point | undefined {
    return this.#point;
  }

  /** The point as shares of the width and height. */
  get share(): Point | undefined {
    const { width, height } = this.#size;
    return this.#point && { x: (this.#point.x + 0.5) / width, y: (this.#point.y + 0.5) / height };
  }

  set size(size: Size) {
    if (size.width === this.#size.width && size.height === this.#size.height) return;
    this.#size = size;
    this.#rest = undefined;
    this.#isPointed = false;
    this.#root.classList.remove("touched");
    this.#set(undefined);
  }

  /** Goes there unless somebody points elsewhere. */
  set rest(point: Point | undefined) {
    this.#rest = point;
    if (!this.#isPointed && !this.#isHidden) this.#set(point);
    else this.#moved(this.#point); // what is there has changed
  }

  /** To a share of width and height. */
  pointAt(x: number, y: number, isTouch: boolean): void {
    this.#root.classList.toggle("touched", isTouch);
    this.isKeyed = false;
    this.#isPointed = true;
    this.#isHidden = false;
    this.#set({ x: x * this.#size.width, y: y * this.#size.height });
  }

  leave(): void {
    this.#isPointed = false;
    this.#root.classList.remove("touched");
    if (!this.#isHidden) this.#set(this.#rest);
  }

  onKey(event: KeyboardEvent): void {
    if (event.key === "Escape") {
      this.#isHidden = true;
      return this.#set(undefined);
    }
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
    const { x, y } = this.#point ?? this.#rest ?? { x: this.#size.width / 2, y: this.#size.height / 2 };
    this.isKeyed = true;
    this.#isPointed = true;
    this.#isHidden = false;
    this.#set({ x: x + move[0], y: y + move[1] });
  }

  /** To the pixel at or nearest to a point. */
  #set(point: Point | undefined): void {
    const within = (value: number, size: number): number => Math.min(size - 1, Math.max(0, Math.floor(value)));
    const { width, height } = this.#size;
    this.#point = point && { x: within(point.x, width), y: within(point.y, height) };
    this.place();
    this.#moved(this.#point);
  }

  place(): void {
    this.#root.classList.toggle("crossed", this.#point !== undefined);
    const { share } = this;
    if (!share) return;
    this.#root.style.setProperty("--x", String(share.x));
    this.#root.style.setProperty("--y", String(share.y));
  }
}
