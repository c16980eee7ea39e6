/** What the figures of fcn-webgpu/image refuse, sentence by sentence. Label maps and masks: masks.test.ts. */
import { describe, expect, it } from "vitest";
import {
  classAreas,
  colourMap,
  contactSheet,
  legendOf,
  legendOverlay,
  legendPicture,
  overlay,
} from "../../src/image/index.js";
import type { SheetRow } from "../../src/image/index.js";
import { refused } from "../helpers/scenes.js";

/** A value of a wrong type, as plain JavaScript passes it. */
const wrong = <T>(value: unknown): T => value as T;

const PICTURE = { width: 2, height: 2, data: new Uint8Array(4) };
const LABELS = new Uint8Array(4);
const ROW: SheetRow = { title: "a", picture: PICTURE, columns: [{ title: "b", labels: LABELS }] };
const PALETTE = "a palette is 768 bytes, got";

type Refusal = readonly [code: "bad-image" | "bad-option", sentence: string, call: () => unknown];

const OVERLAYS: readonly Refusal[] = [
  ["bad-option", `overlay: ${PALETTE} 3`, () => overlay(PICTURE, LABELS, { palette: new Uint8Array(3) })],
  [
    "bad-option",
    'overlay: base "gray" is not one of picture, grey',
    () => overlay(PICTURE, LABELS, { base: wrong("gray") }),
  ],
  [
    "bad-option",
    'overlay has no option "alpha"; it has opacity, palette, outline, base',
    () => overlay(PICTURE, LABELS, wrong({ alpha: 1 })),
  ],
  ["bad-image", "overlay: label 1 is -3, not a whole number from 0 to 255", () => overlay(PICTURE, [0, -3, 0, 0])],
  ["bad-image", "picture: got null, needed { width, height, data }", () => overlay(wrong(null), LABELS)],
  ["bad-image", "colourMap: 2 x 3 needs 6 labels, got 4", () => colourMap(LABELS, 2, 3)],
  ["bad-image", "colourMap: 2 x 0 is not a size of at least 1 x 1", () => colourMap(LABELS, 2, 0)],
  ["bad-option", `colourMap: ${PALETTE} Array`, () => colourMap(LABELS, 2, 2, wrong([]))],
  ["bad-image", "classAreas: 2 x 3 needs 6 labels, got 4", () => classAreas(LABELS, 2, 3)],
  [
    "bad-option",
    "classAreas: minPixels must be a whole number of 1 or more, got 0.5",
    () => classAreas(LABELS, 2, 2, 0.5),
  ],
];

const ENTRY = { name: "a", colour: [1, 2, 3], share: 1 } as const;
const LEGENDS: readonly Refusal[] = [
  ["bad-image", "legendOf: label 0 is string, not a whole number from 0 to 255", () => legendOf(wrong(["string"]))],
  [
    "bad-option",
    "legendOf: names of labels are a Map from numbers to texts, got Object",
    () => legendOf(LABELS, [], undefined, wrong({ 255: "void" })),
  ],
  [
    "bad-option",
    "legendOf: the name of label 255 must be a text, got number",
    () => legendOf(LABELS, [], undefined, wrong(new Map([[255, 1]]))),
  ],
  [
    "bad-option",
    "contactSheet: row 0, column 0: a label is a whole number from 0 to 255, got 256",
    () => contactSheet([{ ...ROW, columns: [{ title: "b", labels: LABELS, names: new Map([[256, "x"]]) }] }]),
  ],
  ["bad-option", `legendOf: ${PALETTE} 4`, () => legendOf(LABELS, [], LABELS)],
  ["bad-option", "legendOf: class names are an array of texts, got string", () => legendOf(LABELS, wrong("a"))],
  [
    "bad-option",
    "legendOf: class names are an array of texts, got null",
    () => legendOverlay(PICTURE, LABELS, wrong(null)),
  ],
  [
    "bad-option",
    "legendPicture: entries are an array (legendOf() makes it), got undefined",
    () => legendPicture(wrong(undefined)),
  ],
  [
    "bad-option",
    "legendPicture: entry 1 needs a name, a colour [r, g, b] and a share",
    () => legendPicture([ENTRY, { ...ENTRY, share: NaN }]),
  ],
  [
    "bad-option",
    "legendPicture: width 99 is no whole number from 100 to 16384",
    () => legendPicture([ENTRY], { width: 99 }),
  ],
];

const SHEETS: readonly Refusal[] = [
  ["bad-option", "contactSheet: rows are an array, got Object", () => contactSheet(wrong({}))],
  [
    "bad-option",
    "contactSheet: columnWidth 5000 is no whole number from 16 to 4096 pixels",
    () => contactSheet([ROW], { columnWidth: 5000 }),
  ],
  [
    "bad-option",
    "contactSheet: the name of class 0 must be a text, got number",
    () => contactSheet([ROW], { classNames: [wrong(1)] }),
  ],
  [
    "bad-option",
    "contactSheet: row 1 needs a title, a text, got undefined",
    () => contactSheet([ROW, { ...ROW, title: wrong(undefined) }]),
  ],
  [
    "bad-option",
    "contactSheet: row 0: columns are an array, got null",
    () => contactSheet([{ ...ROW, columns: wrong(null) }]),
  ],
  [
    "bad-option",
    "contactSheet: row 0, column 0: it needs texts as title and caption",
    () => contactSheet([{ ...ROW, columns: [{ title: wrong(1), labels: LABELS }] }]),
  ],
  [
    "bad-image",
    "contactSheet: row 0, truth: 2 x 2 needs 4 labels, got 1",
    () => contactSheet([{ ...ROW, truth: new Uint8Array(1) }]),
  ],
  [
    "bad-image",
    "contactSheet: row 0, picture: got undefined, needed { width, height, data }",
    () => contactSheet([{ ...ROW, picture: wrong(undefined) }]),
  ],
];

describe("figures refuse", () => {
  it.each([...OVERLAYS, ...LEGENDS, ...SHEETS])("%s: %s", (code, sentence, call) => {
    expect(call).toThrow(refused(code, sentence));
  });
});
