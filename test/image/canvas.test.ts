/** Text, drawing and scaling. Tests hold their properties, not their pixels, so that the look of figures can change. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Canvas } from "../../src/image/canvas.js";
import type { Picture } from "../../src/image/picture.js";
import { scaled, scaledLabels } from "../../src/image/scale.js";
import { fitText, lineHeight, textWidth } from "../../src/image/text.js";
import { pixel, scene } from "../helpers/scenes.js";

/** ASCII from "!" to "~", the middle dot, the dash and the multiplication sign. */
const CHARACTERS = [...Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)), "\u00b7", "\u2013", "\u00d7"];

describe("text", () => {
  it("has ink for every character of the fonts but the space", () => {
    for (const font of ["body", "strong", "title"] as const) {
      for (const ch of CHARACTERS) {
        const canvas = new Canvas(60, lineHeight(font));
        const end = canvas.text(ch, 10, 0, { font });
        expect(end - 10, ch).toBe(textWidth(ch, font));
        const isInked = canvas.data.some((v, i) => i % 4 < 3 && v < 160);
        expect(isInked, `${font} ${ch}`).toBe(true);
      }
      expect(new Canvas(60, 40).text(" ", 0, 0, { font })).toBeGreaterThan(0);
    }
  });

  it("draws marked letters without their marks, and every unknown character as one ?", () => {
    expect(textWidth("Zu\u0308rich \u00e9t\u00e9")).toBe(textWidth("Zurich ete"));
    expect(textWidth("\u732b\u{1f600}")).toBe(textWidth("??"));
  });

  it("is cut to a width", () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 60 }),
        fc.integer({ min: 20, max: 300 }),
        (text, width) => textWidth(fitText(text, width)) <= width,
      ),
    );
    expect(fitText("short", 200)).toBe("short");
  });

  it("may leave the canvas on every side", () => {
    const canvas = new Canvas(10, 10);
    canvas.text("wide text", -20, -5);
    canvas.fill({ left: -5, top: -5, width: 100, height: 100 }, [1, 2, 3], 0.5);
    canvas.draw({ width: 20, height: 20, data: new Uint8Array(1600) }, -3, 5);
    expect(canvas.data).toHaveLength(400);
  });
});

describe("scaling", () => {
  const size = fc.integer({ min: 1, max: 17 });

  it("averages areas: it keeps the mean, and one colour stays that colour", () => {
    fc.assert(
      fc.property(scene, size, size, ({ picture }, width, height) => {
        const mean = ({ data }: Picture): number => Array.from(data).reduce((a, b) => a + b, 0) / data.length;
        expect(Math.abs(mean(scaled(picture, width, height)) - mean(picture))).toBeLessThanOrEqual(0.5);
        const flat = { ...picture, data: picture.data.map((_, i) => [9, 80, 255, 255][i % 4] as number) };
        const out = scaled(flat, width, height);
        const colours = Array.from({ length: width * height }, (_, i) => pixel(out, i).join());
        expect(new Set(colours)).toEqual(new Set(["9,80,255,255"]));
      }),
    );
  });

  it("of labels invents none, and keeps a map of the same size", () => {
    fc.assert(
      fc.property(scene, size, size, ({ picture, labels }, width, height) => {
        const out = scaledLabels(labels, picture, width, height);
        expect(out).toHaveLength(width * height);
        for (const label of out) expect(labels).toContain(label);
        expect(scaledLabels(labels, picture, picture.width, picture.height)).toEqual(labels);
      }),
    );
  });
});
