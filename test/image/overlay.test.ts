/** Overlays and legends. Tests hold their properties, not their pixels, so that the look of figures can change. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Canvas } from "../../src/image/canvas.js";
import { drawLegend, legendHeight, legendOf, legendOverlay } from "../../src/image/legend.js";
import { colourMap, overlay } from "../../src/image/overlay.js";
import { VOC_CLASSES } from "../../src/image/palette.js";
import { pixel, refused, scene } from "../helpers/scenes.js";

describe("overlay", () => {
  it("keeps the background and does not write to the given picture; with opacity 0 it changes nothing", () => {
    fc.assert(
      fc.property(scene, fc.double({ min: 0, max: 1, noNaN: true }), ({ picture, labels }, opacity) => {
        const before = [...picture.data];
        const over = overlay(picture, labels, { opacity });
        labels.forEach((label, i) => {
          if (label === 0) expect(pixel(over, i)).toEqual(pixel(picture, i));
        });
        expect([...overlay(picture, labels, { opacity: 0 }).data]).toEqual(before);
        expect([...picture.data]).toEqual(before);
      }),
    );
  });

  it("with opacity 1 and no outline is the class's colour; on grey, only classes have colour", () => {
    fc.assert(
      fc.property(scene, ({ picture, labels }) => {
        const plain = overlay(picture, labels, { opacity: 1, outline: false });
        const map = colourMap(labels, picture.width, picture.height);
        const grey = overlay(picture, labels, { base: "grey" });
        labels.forEach((label, i) => {
          if (label !== 0) expect(pixel(plain, i)).toEqual(pixel(map, i));
          else expect(new Set(pixel(grey, i).slice(0, 3)).size).toBe(1);
        });
      }),
    );
  });

  it("draws a line one pixel wide, darker than the class, inside its border and nowhere else", () => {
    // A square of 5 x 5 in 7 x 7 pixels.
    const labels = Uint8Array.from({ length: 49 }, (_, i) => (i % 7 > 0 && i % 7 < 6 && i > 6 && i < 42 ? 15 : 0));
    const picture = { width: 7, height: 7, data: new Uint8Array(49 * 4).fill(255) };
    const lined = overlay(picture, labels);
    const plain = overlay(picture, labels, { outline: false });
    const changed = Array.from(labels, (_, i) => i).filter((i) => pixel(lined, i).join() !== pixel(plain, i).join());
    expect(changed).toHaveLength(16);
    for (const i of changed) expect(lined.data[i * 4]).toBeLessThan(plain.data[i * 4] ?? 0);
  });

  it("refuses what does not fit", () => {
    const picture = { width: 2, height: 2, data: new Uint8Array(16) };
    expect(() => overlay(picture, new Uint8Array(3))).toThrow(
      refused("bad-image", "overlay: 2 x 2 needs 4 labels, got 3"),
    );
    expect(() => overlay(picture, new Uint8Array(4), { opacity: 1.5 })).toThrow(
      refused("bad-option", "overlay: opacity 1.5 is not between 0 and 1"),
    );
    expect(() => overlay(picture, new Uint8Array(4), { opacity: NaN })).toThrow("opacity NaN");
  });
});

describe("legends", () => {
  it("name every class once, the largest first, background last, shares that sum to 1", () => {
    fc.assert(
      fc.property(scene, ({ labels }) => {
        const entries = legendOf(labels);
        expect(entries.reduce((sum, e) => sum + e.share, 0)).toBeCloseTo(1, 12);
        expect(new Set(entries.map((e) => e.name))).toEqual(
          new Set([...labels].map((l) => (l === 255 ? "void" : VOC_CLASSES[l]))),
        );
        const classes = entries.filter((e) => e.name !== "background").map((e) => e.share);
        expect(classes).toEqual([...classes].sort((a, b) => b - a));
        if (classes.length < entries.length) expect(entries.at(-1)?.name).toBe("background");
      }),
    );
  });

  it("wrap within their width, and are as high as legendHeight says", () => {
    const entries = VOC_CLASSES.map((name, i) => ({ name, colour: [i, i, i] as const, share: 1 / 21 }));
    for (const width of [120, 300, 2000]) {
      const layout = { left: 0, top: 0, width };
      const height = legendHeight(entries, layout);
      const canvas = new Canvas(width + 50, height + 50, [255, 255, 255]);
      expect(drawLegend(canvas, entries, layout)).toBe(height);
      for (let y = 0; y < canvas.height; y++) {
        const firstOutside = y < height ? width : 0;
        for (let x = firstOutside; x < canvas.width; x++) expect(canvas.data[(y * canvas.width + x) * 4]).toBe(255);
      }
    }
  });

  it("stand below the overlay of any size, in larger letters below a large one", () => {
    const heightOf = (width: number, height: number): number => {
      const figure = legendOverlay(
        { width, height, data: new Uint8Array(width * height * 4).fill(255) },
        new Uint8Array(width * height).fill(12),
        VOC_CLASSES,
      );
      expect(figure.width).toBe(Math.max(width, 220));
      return figure.height - height;
    };
    expect(heightOf(1, 1)).toBe(heightOf(640, 3));
    expect(heightOf(2000, 2)).toBeGreaterThan(heightOf(640, 3));
  });
});
