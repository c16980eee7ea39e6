/** Overlays, legends, text and sheets. Tests hold their properties, not their pixels, so that the look of figures can change. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFcnError } from "../../src/base/errors.js";
import { Canvas } from "../../src/image/canvas.js";
import { contactSheet } from "../../src/image/contact-sheet.js";
import { drawLegend, legendHeight, legendOf, legendOverlay } from "../../src/image/legend.js";
import { colourMap, overlay } from "../../src/image/overlay.js";
import { VOC_CLASSES } from "../../src/image/palette.js";
import type { Picture } from "../../src/image/picture.js";
import { scaled, scaledLabels } from "../../src/image/scale.js";
import { fitText, lineHeight, textWidth } from "../../src/image/text.js";
import { referencePictures } from "../helpers/reference-maps.js";

const scene = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }), fc.nat(0xffff))
  .map(([width, height, seed]) => ({
    picture: {
      width,
      height,
      data: Uint8Array.from({ length: width * height * 4 }, (_, i) =>
        i % 4 === 3 ? 255 : Math.imul(i + seed, 2654435761) >>> 24,
      ),
    } satisfies Picture,
    labels: Uint8Array.from(
      { length: width * height },
      (_, i) => [0, 0, 3, 15, 255][(Math.imul(i + seed, 2246822519) >>> 16) % 5] as number,
    ),
  }));
const pixel = (picture: Picture, i: number): number[] => [...picture.data.subarray(i * 4, i * 4 + 4)];
const refused = (code: "bad-image" | "bad-option", sentence: string): Error =>
  expect.toSatisfy((e) => isFcnError(e, code) && e.message === sentence) as Error;

describe("overlay", () => {
  it("leaves the background as it is and the picture it was given alone; with opacity 0 it changes nothing", () => {
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
        const [plain, map] = [
          overlay(picture, labels, { opacity: 1, outline: false }),
          colourMap(labels, picture.width, picture.height),
        ];
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
    const [lined, plain] = [overlay(picture, labels), overlay(picture, labels, { outline: false })];
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

  it("wrap within their width, and take the height they measured", () => {
    const entries = VOC_CLASSES.map((name, i) => ({ name, colour: [i, i, i] as const, share: 1 / 21 }));
    for (const width of [120, 300, 2000]) {
      const layout = { left: 0, top: 0, width };
      const height = legendHeight(entries, layout);
      const canvas = new Canvas(width + 50, height + 50, [255, 255, 255]);
      expect(drawLegend(canvas, entries, layout)).toBe(height);
      for (let y = 0; y < canvas.height; y++)
        for (let x = y < height ? width : 0; x < canvas.width; x++)
          expect(canvas.data[(y * canvas.width + x) * 4]).toBe(255);
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

describe("text", () => {
  it("has ink for every character of the fonts but the space", () => {
    for (const font of ["body", "strong", "title"] as const) {
      for (const ch of [
        ...Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)),
        "\u00b7",
        "\u2013",
        "\u00d7",
      ]) {
        const canvas = new Canvas(60, lineHeight(font));
        const end = canvas.text(ch, 10, 0, { font });
        expect(end - 10, ch).toBe(textWidth(ch, font));
        expect(
          canvas.data.some((v, i) => i % 4 < 3 && v < 160),
          `${font} ${ch}`,
        ).toBe(true);
      }
      expect(new Canvas(60, 40).text(" ", 0, 0, { font })).toBeGreaterThan(0);
    }
  });

  it("draws marked letters without their marks, and what it does not know as one ?", () => {
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
        expect(
          new Set(Array.from({ length: width * height }, (_, i) => pixel(scaled(flat, width, height), i).join())),
        ).toEqual(new Set(["9,80,255,255"]));
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

describe("contactSheet", () => {
  const rows = referencePictures("samples").map(({ name, picture, truth, torch }) => ({
    title: name,
    picture,
    truth,
    columns: ["fcn32s", "fcn16s", "fcn8s"].map((v) => ({ title: v, caption: "12 ms", labels: torch(v) })),
  }));

  it("holds a column for the picture and one for each network, on a light ground, with margins left free", () => {
    const sheet = contactSheet(rows, { title: "A title", subtitle: "and what it means" });
    expect(sheet.width).toBe(4 * 300 + 3 * 16 + 2 * 36);
    const light = sheet.data.filter((v, i) => i % 4 === 1 && v > 200).length / (sheet.width * sheet.height);
    expect(light).toBeGreaterThan(0.5);
    for (let y = 0; y < sheet.height; y++)
      for (const x of [0, 35, sheet.width - 1, sheet.width - 36])
        expect(sheet.data[(y * sheet.width + x) * 4]).toBe(255);
  });

  it("takes rows of different sizes, without truth, without columns, of one pixel, and long names", () => {
    const one = { title: "x".repeat(500), picture: { width: 1, height: 1, data: new Uint8Array(3) }, columns: [] };
    expect(contactSheet([one]).width).toBe(300 + 72);
    expect(contactSheet([one, ...rows.slice(0, 1)], { columnWidth: 100 }).width).toBe(4 * 100 + 3 * 16 + 72);
    const tall = { ...one, picture: { width: 2, height: 900, data: new Uint8Array(5400) } };
    expect(contactSheet([tall]).height).toBeLessThan(700);
  });

  it("refuses no rows, and labels of another size", () => {
    expect(() => contactSheet([])).toThrow(refused("bad-option", "contactSheet: it needs at least one row, got 0"));
    const row = {
      title: "a",
      picture: { width: 2, height: 2, data: new Uint8Array(16) },
      columns: [{ title: "b", labels: new Uint8Array(5) }],
    };
    expect(() => contactSheet([row])).toThrow(refused("bad-image", "overlay: 2 x 2 needs 4 labels, got 5"));
  });
});
