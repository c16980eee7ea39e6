import { packedTexels } from "../../src/kernel/packings.js";
import type { KernelCase } from "../../src/kernel/registry.js";

interface Weight {
  readonly weight: readonly number[];
  readonly order: string;
  readonly tile?: number;
}

function caseOf({ weight, order, tile = 4 }: Weight, texture: boolean): KernelCase {
  const copy = [1, 1, 1, 4 * packedTexels(weight, order, tile)];
  const name = `${weight.join("x")}, ${order} tiles of ${tile}${texture ? ", to a texture" : ""}`;
  return { name, shapes: { weight, copy }, attrs: { order, tile, texture } };
}

const weights: readonly Weight[] = [
  ...["out-in", "in-out", "rows"].flatMap((order) => [
    { weight: [1, 1, 1, 1], order },
    { weight: [21, 6, 3, 3], order },
    { weight: [6, 21, 4, 2], order, tile: 8 },
    { weight: [17, 33, 1, 1], order },
  ]),
  { weight: [1, 1, 3, 3], order: "channels" },
  { weight: [13, 1, 5, 3], order: "channels" },
  // More than a row of a texture.
  { weight: [70, 65, 1, 1], order: "out-in" },
];

export const packWeightCases: readonly KernelCase[] = [
  ...weights.flatMap((weight) => [caseOf(weight, false), caseOf(weight, true)]),
  { ...caseOf({ weight: [512, 512, 3, 3], order: "out-in" }, false), bench: true },
];
