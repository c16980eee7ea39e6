/** Masks, label maps with some classes only, names of classes, and palettes of one's own. */
import { describe, expect, it } from "vitest";
import {
  VOC_CLASSES,
  classColour,
  classMask,
  keepClasses,
  labelsNamed,
  paletteOf,
  vocPalette,
} from "../../src/image/index.js";
import { refused } from "../helpers/scenes.js";

const wrong = <T>(value: unknown): T => value as T;
const LABELS = Uint8Array.of(0, 15, 12, 255);

describe("masks", () => {
  it("hold one class, several, or all but the background", () => {
    expect([...classMask(LABELS, 15)]).toEqual([0, 255, 0, 0]);
    expect([...classMask(LABELS, [12, 15])]).toEqual([0, 255, 255, 0]);
    expect([...classMask([...LABELS], new Set([0]))]).toEqual([255, 0, 0, 0]);
    expect([...classMask(LABELS)]).toEqual([0, 255, 255, 255]);
    expect([...classMask(LABELS, [])]).toEqual([0, 0, 0, 0]);
  });

  it("leave the labels as they are; other classes become background", () => {
    expect([...keepClasses(LABELS, Uint8Array.of(12))]).toEqual([0, 0, 12, 0]);
    expect([...LABELS]).toEqual([0, 15, 12, 255]);
  });

  it("refuse what is no label map, and classes that are no labels", () => {
    expect(() => classMask(wrong("ab"))).toThrow(
      refused("bad-image", "classMask: labels are a Uint8Array or an array of numbers, got string"),
    );
    expect(() => keepClasses([0, 1.5], 1)).toThrow(
      refused("bad-image", "keepClasses: label 1 is 1.5, not a whole number from 0 to 255"),
    );
    expect(() => classMask(LABELS, 256)).toThrow(
      refused("bad-option", "classMask: a label is a whole number from 0 to 255, got 256"),
    );
    expect(() => keepClasses(LABELS, wrong("15"))).toThrow(
      refused("bad-option", "keepClasses: give a label, an array or a Set of labels, got string"),
    );
  });
});

describe("names of classes", () => {
  it("are found in any case, by number, and where two classes share one", () => {
    expect(labelsNamed("PERSON")).toEqual([15]);
    expect(labelsNamed("3")).toEqual([3]);
    expect(labelsNamed("road", ["road", "field", "Road"])).toEqual([0, 2]);
  });

  it("refuse others with the names there are", () => {
    expect(() => labelsNamed("human", ["field", "road"])).toThrow(
      refused("bad-option", 'labelsNamed: "human" is not one of field, road'),
    );
    expect(() => labelsNamed(wrong(15))).toThrow(
      refused("bad-option", "labelsNamed: the name must be a text, got number"),
    );
    expect(() => labelsNamed("a", wrong("a"))).toThrow(
      refused("bad-option", "labelsNamed: class names are an array of texts, got string"),
    );
    expect(() => labelsNamed("a", ["a", wrong(null)])).toThrow(
      refused("bad-option", "labelsNamed: the name of class 1 must be a text, got null"),
    );
  });
});

describe("palettes", () => {
  it("begin with the given colours and go on with VOC's", () => {
    const palette = paletteOf(["#102030", [255, 0, 7]]);
    expect([...palette.subarray(0, 6)]).toEqual([16, 32, 48, 255, 0, 7]);
    expect(palette.subarray(6)).toEqual(vocPalette().subarray(6));
    expect([classColour(0, palette), classColour(1, palette), classColour(VOC_CLASSES.indexOf("person"))]).toEqual([
      "#102030",
      "#ff0007",
      "#c08080",
    ]);
  });

  it("refuse what is no colour, no palette, no label", () => {
    expect(() => paletteOf(["red"])).toThrow(
      refused("bad-option", 'paletteOf: colour 0 is "red"; write it as #rrggbb'),
    );
    const cure = "write it as [red, green, blue] with whole numbers from 0 to 255";
    expect(() => paletteOf(["#000000", [0, 1, 256]])).toThrow(
      refused("bad-option", `paletteOf: colour 1 is [0, 1, 256]; ${cure}`),
    );
    expect(() => paletteOf([wrong(null)])).toThrow(refused("bad-option", `paletteOf: colour 0 is null; ${cure}`));
    const most = "paletteOf: it takes an array of at most 256 colours, got";
    expect(() => paletteOf(new Array<string>(257).fill("#000000"))).toThrow(
      refused("bad-option", `${most} 257 colours`),
    );
    expect(() => paletteOf(wrong("#000000"))).toThrow(refused("bad-option", `${most} string`));
    expect(() => classColour(-1)).toThrow(
      refused("bad-option", "classColour: a label is a whole number from 0 to 255, got -1"),
    );
    expect(() => classColour(1, new Uint8Array(3))).toThrow(
      refused("bad-option", "classColour: a palette is 768 bytes, got 3"),
    );
  });
});

it("takes labels as any iterable", () => {
  const labels = Uint8Array.of(0, 1, 2, 1);
  function* generated() {
    yield 1;
  }
  for (const chosen of [generated(), Uint16Array.of(1), new Map([[1, "cat"]]).keys(), new Set([1])])
    expect(Array.from(keepClasses(labels, chosen))).toEqual([0, 1, 0, 1]);
});
