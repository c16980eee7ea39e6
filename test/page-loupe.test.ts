/** The page's loupes: what they show at the picture's borders, and whose grid they draw. They need no browser. */
import { describe, expect, it } from "vitest";
import type { Look } from "../demo/src/messages.js";
import { blend } from "../demo/src/worker/cpu-painter.js";
import { gridSpans, loupePixels } from "../demo/src/worker/loupe.js";

const [width, height] = [40, 30];
const picture = {
  width,
  height,
  data: Uint8Array.from({ length: width * height * 4 }, (_, i) => (i % 4 === 3 ? 255 : (i * 7) % 251)),
};
/** A class covers the right part of the picture, up to its borders. */
const labels = Uint8Array.from({ length: width * height }, (_, i) => (i % width < 25 ? 0 : 15));
const look: Look = { opacity: 0.6, grey: true, split: 0, highlight: undefined, layerings: [] };
const OUTSIDE = [128, 128, 128, 255];

/** RGBA of the loupe's pixels that show the picture, and of those that do not. */
function pixelsAt(square: { readonly left: number; readonly top: number; readonly side: number }, chosen: Look) {
  const pixels = loupePixels(picture, { labels, left: undefined }, chosen, square);
  const whole = blend(picture, { labels, left: undefined }, chosen);
  const [inside, expected, outside]: [number[][], number[][], number[][]] = [[], [], []];
  for (let i = 0; i < square.side ** 2; i++) {
    const [x, y] = [square.left + (i % square.side), square.top + Math.floor(i / square.side)];
    const rgba = [...pixels.subarray(i * 4, i * 4 + 4)];
    const isInside = x >= 0 && x < width && y >= 0 && y < height;
    (isInside ? inside : outside).push(rgba);
    if (isInside) expected.push([...whole.subarray((y * width + x) * 4, (y * width + x) * 4 + 4)]);
  }
  return { inside, expected, outside };
}

describe("a loupe", () => {
  it.each([
    ["at the right and lower border", { left: 30, top: 20, side: 18 }, look],
    ["at the left and upper border", { left: -9, top: -9, side: 18 }, { ...look, grey: false }],
    ["over the divider", { left: -2, top: 5, side: 44 }, { ...look, split: 0.7 }],
    ["for one class", { left: 30, top: -4, side: 18 }, { ...look, highlight: 7 }],
  ])("%s shows what the whole picture shows, and opaque grey beyond it", (_, square, chosen) => {
    const { inside, expected, outside } = pixelsAt(square, chosen);
    expect(outside.length).toBeGreaterThan(0);
    expect(outside).toEqual(outside.map(() => OUTSIDE));
    expect(inside).toEqual(expected);
  });

  it("is grey where a smaller picture has come since", () => {
    const { inside, outside } = pixelsAt({ left: 60, top: 60, side: 18 }, look);
    expect([inside, outside]).toEqual([[], outside.map(() => OUTSIDE)]);
  });
});

describe("the grid of a loupe", () => {
  const lens = { left: 10, reach: 20, side: 200 };

  it("is the network's, and none on the bare picture", () => {
    expect(gridSpans({ variant: "fcn8s", against: "fcn32s" }, 0, lens)).toEqual([{ stride: 8, from: 0, to: 200 }]);
    expect(gridSpans({ variant: undefined }, 0, lens)).toEqual([]);
  });

  it("is on each side of the divider the one of that side", () => {
    const layering = { variant: "fcn8s", left: { variant: "fcn32s" } };
    expect(gridSpans(layering, 15, lens)).toEqual([
      { stride: 32, from: 0, to: 50 },
      { stride: 8, from: 50, to: 200 },
    ]);
    expect(gridSpans({ ...layering, left: { variant: undefined } }, 15, lens)).toEqual([
      { stride: 8, from: 50, to: 200 },
    ]);
    expect(gridSpans(layering, 4, lens)).toEqual([{ stride: 8, from: 0, to: 200 }]);
    expect(gridSpans(layering, 35, lens)).toEqual([{ stride: 32, from: 0, to: 200 }]);
  });
});
