/** Colours and shapes of networks in plots can be told apart, also by colour-blind readers. */
import { describe, expect, it } from "vitest";
import { SERIES_COLOURS, markOf, seriesOf } from "../src/eval/series.js";
import { DARK, LIGHT } from "../src/eval/svg.js";

type Rgb = readonly [number, number, number];

/** Linear light of "#rrggbb". */
function linear(hex: string): Rgb {
  const channel = (start: number): number => {
    const value = Number.parseInt(hex.slice(start, start + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

const times = (matrix: readonly (readonly number[])[], [r, g, b]: Rgb): Rgb =>
  matrix.map(([x = 0, y = 0, z = 0]) => x * r + y * g + z * b) as unknown as Rgb;

/** Machado, Oliveira and Fernandes, table of severity 1.0: red, green and blue cones missing. */
const VISIONS: Readonly<Record<string, readonly (readonly number[])[]>> = {
  usual: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
};

/** https://bottosson.github.io/posts/oklab/ */
function oklab(rgb: Rgb): Rgb {
  const cones = times(
    [
      [0.4122214708, 0.5363325363, 0.0514459929],
      [0.2119034982, 0.6806995451, 0.1073969566],
      [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    rgb,
  ).map((value) => Math.cbrt(Math.max(0, value))) as unknown as Rgb;
  return times(
    [
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766],
    ],
    cones,
  );
}

/** Distance in OKLab. About 0.02 is just noticeable; the shapes help where colours are near. */
const VISIBLE = 0.08;

describe.each([
  ["light", LIGHT],
  ["dark", DARK],
])("the %s theme", (_, theme) => {
  const colours = SERIES_COLOURS.map((name) => (theme as Readonly<Record<string, string>>)[name] ?? "");

  it.each(Object.entries(VISIONS))("has colours that differ for %s vision", (__, matrix) => {
    const seen = colours.map((hex) =>
      oklab(times(matrix, linear(hex)).map((v) => Math.min(1, Math.max(0, v))) as unknown as Rgb),
    );
    for (const [i, a] of seen.entries()) {
      for (const [k, b] of seen.slice(0, i).entries())
        expect(Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]), `${colours[i]} ${colours[k]}`).toBeGreaterThan(
          VISIBLE,
        );
    }
  });
});

it("36 networks have 36 looks", () => {
  const variants = Array.from({ length: 36 }, (_, i) => `fcn8s of ${i}`);
  const looks = variants.map((variant) => JSON.stringify(seriesOf({ variants }, variant)));
  expect(new Set(looks).size).toBe(36);
  const shapes = variants
    .slice(0, 9)
    .map((variant) => markOf(seriesOf({ variants }, variant), [5, 5], { class: "fill", size: 4 }));
  expect(new Set(shapes).size).toBe(9);
  for (const mark of shapes) expect(mark).toMatch(/^<(circle|path) class="fill" /);
});
