/** The strokes of every picture, and how they came about, so that the last change can be undone. */
import type { PaintedPicture, TeachPicture } from "./messages.js";
import type { Stroke } from "./strokes.js";

interface Page {
  readonly picture: TeachPicture;
  /** All strokes after each change; the last entry is what is painted now. */
  readonly states: (readonly Stroke[])[];
}

export class StrokeBook {
  readonly #pages = new Map<string, Page>();

  strokesOf(key: string): readonly Stroke[] {
    return this.#pages.get(key)?.states.at(-1) ?? [];
  }

  canUndo(key: string): boolean {
    return (this.#pages.get(key)?.states.length ?? 0) > 0;
  }

  add(picture: TeachPicture, stroke: Stroke): void {
    this.#change(picture, [...this.strokesOf(picture.key), stroke]);
  }

  /** Takes all strokes off a picture. */
  clear(picture: TeachPicture): void {
    if (this.strokesOf(picture.key).length > 0) this.#change(picture, []);
  }

  /** Takes the last change of a picture back. */
  undo(key: string): void {
    this.#pages.get(key)?.states.pop();
  }

  /** A class is gone: its strokes go too, and those after it move up. Changes before this cannot be undone. */
  dropLabel(label: number): void {
    for (const { states } of this.#pages.values()) {
      const kept = (states.at(-1) ?? []).filter((stroke) => stroke.label !== label);
      const moved = kept.map((stroke) => ({ ...stroke, label: stroke.label - Number(stroke.label > label) }));
      states.splice(0, states.length, ...(moved.length > 0 ? [moved] : []));
    }
  }

  /** Pictures with strokes. */
  painted(): PaintedPicture[] {
    return [...this.#pages.values()]
      .map(({ picture, states }) => ({ ...picture, strokes: states.at(-1) ?? [] }))
      .filter(({ strokes }) => strokes.length > 0);
  }

  #change(picture: TeachPicture, strokes: readonly Stroke[]): void {
    const page = this.#pages.get(picture.key) ?? { picture, states: [] };
    page.states.push(strokes);
    this.#pages.set(picture.key, page);
  }
}
