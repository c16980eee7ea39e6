/**
 * Tiles that need more workgroup memory than a software adapter has, with fewer groups of threads for each sum: their
 * shapes of tile run in every case of conv2d all the same.
 */
import { describe, expect, it } from "vitest";
import { conv2dCases } from "../shaders/conv2d/cases.js";
import { conv2d } from "../shaders/conv2d/kernel.js";
import { conv2dReference } from "../shaders/conv2d/reference.js";
import { bytesOf } from "../shaders/conv2d/tile-cost.js";
import type { Tile } from "../shaders/conv2d/tile-cost.js";
import { TILES, tiledVariant } from "../shaders/conv2d/tiled.js";
import { usableVariants } from "../src/kernel/choice.js";
import { makeProblem } from "../src/kernel/kernel.js";
import { register } from "../src/kernel/registry.js";
import { useDevice } from "./helpers/device.js";
import { verify, wideBorders } from "./helpers/verify-kernel.js";

const device = useDevice();

/** What every adapter that was seen offers. */
const BYTES = 32768;

/** With half as many groups, until it fits. */
function standIn(tile: Tile): Tile {
  return bytesOf(tile) <= BYTES ? tile : standIn({ ...tile, kg: tile.kg / 2 });
}

const large = Object.entries<Tile>(TILES).filter(([, tile]) => bytesOf(tile) > BYTES);

it("there are such tiles", () => {
  expect(large.map(([name]) => name)).toEqual(["80x64-k4", "32x64-k8", "64x32-k4"]);
});

describe.each(large)("in place of %s", (_, tile) => {
  const kernel = { ...conv2d, variants: { standIn: tiledVariant(standIn(tile), "f32") } };
  const entry = register(kernel, conv2dReference, conv2dCases);
  const cases = conv2dCases.filter(({ bench, attrs }) => !bench && (attrs?.groups ?? 1) === 1);

  it.each(cases)("$name", async (test) => {
    const problem = makeProblem(entry.kernel, test.shapes, test.attrs);
    expect(usableVariants(entry.kernel, problem, device())).toContain("standIn");
    await verify(device(), entry, "standIn", test);
    await verify(device(), entry, "standIn", test, wideBorders(entry.kernel, "standIn", test));
  });
});
