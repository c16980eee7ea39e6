/** Strokes of "Teach it": the pixels that they label, how they are undone, and what a training still lacks. */
import { describe, expect, it } from "vitest";
import { nextPosition } from "../demo/src/teach/brush-keys.js";
import type { TeachPicture } from "../demo/src/teach/messages.js";
import { missingStrokes } from "../demo/src/teach/missing-strokes.js";
import { StrokeBook } from "../demo/src/teach/stroke-book.js";
import { strokeLabels } from "../demo/src/teach/strokes.js";
import type { Stroke } from "../demo/src/teach/strokes.js";

const dot = (label: number): Stroke => ({ label, radius: 0.1, points: [0.5, 0.5] });
const picture = (key: string): TeachPicture => ({ key, name: `${key}.png`, file: new Blob() });

/** Rows of labels, with dots for pixels that do not count. */
const rows = (labels: Uint8Array, width: number): string[] =>
  Array.from({ length: labels.length / width }, (_, y) =>
    [...labels.subarray(y * width, (y + 1) * width)].map((label) => (label === 255 ? "." : label)).join(""),
  );

describe("the labels of strokes", () => {
  it("cover the pixels within the radius of the line, and no others", () => {
    const stroke = { label: 1, radius: 0.1, points: [0.2, 0.5, 0.8, 0.5] };
    expect(rows(strokeLabels([stroke], 10, 4), 10)).toEqual(["..........", ".11111111.", ".11111111.", ".........."]);
  });

  it("of a dot are a disc, at least a pixel, and later strokes cover earlier ones", () => {
    expect(rows(strokeLabels([{ ...dot(2), radius: 0.3 }], 5, 5), 5)).toEqual([
      ".....",
      ".222.",
      ".222.",
      ".222.",
      ".....",
    ]);
    expect(rows(strokeLabels([{ ...dot(1), radius: 1e-6 }], 3, 3), 3)).toEqual(["...", ".1.", "..."]);
    expect([...strokeLabels([dot(1), dot(0)], 1, 1)]).toEqual([0]);
  });

  it("reach beyond no edge", () => {
    const stroke = { label: 3, radius: 0.9, points: [0, 0, 1, 1] };
    expect(rows(strokeLabels([stroke], 3, 2), 3)).toEqual(["333", "333"]);
  });
});

describe("the strokes of pictures", () => {
  it("are kept for each picture, undone and cleared", () => {
    const book = new StrokeBook();
    const [a, b] = [picture("a"), picture("b")];
    book.add(a, dot(1));
    book.add(a, dot(0));
    book.add(b, dot(0));
    book.clear(a);
    expect([book.strokesOf("a").length, book.painted().map(({ key }) => key)]).toEqual([0, ["b"]]);
    book.undo("a");
    expect(book.strokesOf("a").map(({ label }) => label)).toEqual([1, 0]);
    book.undo("a");
    book.undo("a");
    expect([book.canUndo("a"), book.strokesOf("a")]).toEqual([false, []]);
    book.clear(a);
    expect([book.canUndo("a"), book.canUndo("b")]).toEqual([false, true]);
  });

  it("of a class that is removed go, and those of later classes move up", () => {
    const book = new StrokeBook();
    for (const label of [0, 1, 2, 3]) book.add(picture("a"), dot(label));
    book.dropLabel(2);
    expect(book.strokesOf("a").map(({ label }) => label)).toEqual([0, 1, 2]);
  });

  it("are enough with one of each class and one of another", () => {
    const painted = (...labels: number[]) => [{ ...picture("a"), strokes: labels.map(dot) }];
    const names = ["Not this", "leaf", "stem"];
    expect(missingStrokes([], names)).toBe("Paint a stroke of “leaf” first.");
    expect(missingStrokes(painted(0, 1), names)).toBe("Paint a stroke of “stem” first.");
    expect(missingStrokes(painted(1), names.slice(0, 2))).toMatch(/what it is not, too, with the brush “Not this”/);
    expect(missingStrokes(painted(1, 2), names)).toBeUndefined();
    expect(missingStrokes(painted(0, 1), names.slice(0, 2))).toBeUndefined();
  });
});

describe("the brush", () => {
  it("is moved by the same distance in both directions, and stays on the picture", () => {
    const press = (key: string, shiftKey = false) => nextPosition({ key, shiftKey }, { x: 0.5, y: 0.5 }, 2);
    expect(press("ArrowRight")?.x).toBeCloseTo(0.51, 6);
    expect(press("ArrowDown")?.y).toBeCloseTo(0.52, 6);
    expect(press("ArrowUp", true)?.y).toBeCloseTo(0.4, 6);
    expect(press("a")).toBeUndefined();
    expect(nextPosition({ key: "ArrowLeft", shiftKey: true }, { x: 0.01, y: 0.5 }, 1)?.x).toBe(0);
  });
});
