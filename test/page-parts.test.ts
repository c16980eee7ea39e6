/** Parts of the page that need no browser: layout, names of regions, where networks differ, and words. */
import { describe, expect, it } from "vitest";
import { adapterWords, networkWords } from "../demo/src/adapter-words.js";
import { SCREEN_PALETTE } from "../demo/src/colours.js";
import { panelLayout } from "../demo/src/stage/layout.js";
import { formatRoughly, formatUnitless } from "../demo/src/ui/format.js";
import { asSentence } from "../demo/src/ui/status.js";
import { changesBetween, focusOf } from "../demo/src/worker/differences.js";
import { regionNames } from "../demo/src/worker/region-names.js";

const size = { width: 200, height: 120 };
/** A rectangle of a class on the background. */
function rectangle(label: number, [left, top, right, bottom]: readonly [number, number, number, number]): Uint8Array {
  return Uint8Array.from({ length: size.width * size.height }, (_, i) => {
    const [x, y] = [i % size.width, Math.floor(i / size.width)];
    return x >= left && x < right && y >= top && y < bottom ? label : 0;
  });
}

describe("panels", () => {
  const room = { width: 900, height: 600, gap: 16, caption: 32 };
  it.each([
    ["tall", 0.5, 4],
    ["wide", 1.8, 2],
  ] as const)("of a %s picture are as large as they can be", (_, ratio, columns) => {
    const layout = panelLayout(4, ratio, room);
    expect(layout.columns).toBe(columns);
    const rows = 4 / columns;
    expect(layout.width * columns + 16 * (columns - 1)).toBeLessThanOrEqual(900);
    expect((layout.width / ratio + 32) * rows + 16 * (rows - 1)).toBeLessThanOrEqual(600);
  });

  it("do not shrink below what can be compared", () => {
    expect(panelLayout(4, 1, { ...room, height: 100 }).width).toBe(150);
  });
});

describe("names of regions", () => {
  it("stand in the middle of each region that is large enough", () => {
    const labels = rectangle(8, [20, 20, 100, 100]);
    labels.fill(12, 0, 5); // a speck
    const [found, ...others] = regionNames(labels, size);
    expect(others).toEqual([]);
    expect(found?.label).toBe(8);
    expect(Math.hypot((found?.x ?? 0) - 59.5, (found?.y ?? 0) - 59.5)).toBeLessThan(2);
    expect(found?.radius).toBeCloseTo(40, 0);
  });

  it.each([
    ["wide", 1601, 1203],
    ["tall", 700, 2048],
  ])("stand inside their regions on a large %s map, at its scale", (_, width, height) => {
    const [left, top, side] = [Math.round(width * 0.6), Math.round(height * 0.3), 241];
    const labels = Uint8Array.from({ length: width * height }, (_, i) => {
      const [x, y] = [(i % width) - left, Math.floor(i / width) - top];
      return x >= 0 && x < side && y >= 0 && y < side ? 3 : 0;
    });
    const [found, ...others] = regionNames(labels, { width, height });
    expect(others).toEqual([]);
    const [x = 0, y = 0, radius = 0] = [found?.x, found?.y, found?.radius];
    expect(labels[y * width + x]).toBe(3);
    expect(Math.hypot(x - left - side / 2, y - top - side / 2)).toBeLessThan(8); // two pixels of the smaller map
    expect(Math.abs(radius - side / 2)).toBeLessThan(8);
  });

  it("are none where every region is a speck", () => {
    const labels = new Uint8Array(200 * 120);
    for (let i = 0; i < labels.length; i += 7) labels[i] = 1 + (i % 200);
    expect(regionNames(labels, size)).toEqual([]);
  });

  it("are none where there is only background", () => {
    expect(regionNames(new Uint8Array(200 * 120), size)).toEqual([]);
  });
});

describe("differences", () => {
  const labels = { fcn32s: rectangle(7, [100, 40, 160, 80]), fcn8s: rectangle(7, [100, 40, 180, 80]) };

  it("are a share of the pixels, for each pair", () => {
    expect(changesBetween(labels)).toEqual({ "fcn32s fcn8s": (20 * 40) / (200 * 120) });
  });

  it("have a part where they are most", () => {
    const { x, y } = focusOf(labels, size) ?? { x: 0, y: 0 };
    expect([Math.abs(x - 170) < 32, Math.abs(y - 60) < 32]).toEqual([true, true]);
    expect(focusOf({ fcn32s: labels.fcn8s, fcn8s: labels.fcn8s }, size)).toBeUndefined();
    expect(focusOf({ only: labels.fcn8s }, size)).toBeUndefined();
  });
});

describe("words and colours", () => {
  it("call adapters and networks by names that readers know", () => {
    expect(adapterWords({ label: "google swiftshader", software: true })).toBe("SwiftShader (CPU)");
    expect(adapterWords({ label: "nvidia ada", software: false })).toBe("nvidia ada (GPU)");
    expect(networkWords("fcn-webgpu ResNet-101: heads fcn8s, fcn16s, fcn32s, 21 classes, 16 planes")).toBe(
      "ResNet\u2011101: heads 32s, 16s, 8s, 21 classes, 0.25 of the published width",
    );
  });

  it("make sentences of messages, and leave names of files and addresses as they are", () => {
    expect(asSentence("the file ended")).toBe("The file ended.");
    expect(asSentence("weights: they are cut off")).toBe("Weights: they are cut off.");
    expect(asSentence("http://localhost/a.safetensors: it is away")).toBe(
      "http://localhost/a.safetensors: it is away.",
    );
    expect(asSentence("photo.png: it is empty.")).toBe("photo.png: it is empty.");
  });

  it("round numbers without hiding small ones", () => {
    expect([1, 0.9999, 0.5, 0.0001].map(formatUnitless)).toEqual(["100", ">99.9", "50.0", "<0.1"]);
    expect([12, 950, 1234, 12_345].map(formatRoughly)).toEqual([
      "12\u00a0ms",
      "0.95\u00a0s",
      "1.2\u00a0s",
      "12\u00a0s",
    ]);
  });

  it("give every class a colour of its own", () => {
    const colours = Array.from({ length: 255 }, (_, i) => SCREEN_PALETTE.subarray(i * 3 + 3, i * 3 + 6).join());
    expect(new Set(colours.slice(0, 20)).size).toBe(20);
    expect(new Set(colours).size).toBeGreaterThan(240);
  });
});
