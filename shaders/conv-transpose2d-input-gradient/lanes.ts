/**
 * The variants for software adapters: pixels on the lanes of a subgroup, operands in textures. src/kernel/lanes.ts
 * holds what the kernels share.
 */
import { pixelsOf } from "../../src/kernel/feature-map.js";
import { LANES_TILE, lanesFor, lanesVariant, runsLanes } from "../../src/kernel/lanes.js";
import { outputTiles, tileTexels } from "../../src/kernel/packings.js";
import { pair, u32 } from "../../src/kernel/problem.js";
import { blocksOf, ceilDiv } from "../../src/kernel/shape.js";
import { textureColumns } from "../../src/kernel/texture.js";
import type { DeviceTraits } from "../../src/kernel/variant.js";
import { skipped } from "./problem.js";
import type { TransposedInputProblem } from "./problem.js";

const paramsOf = (problem: TransposedInputProblem) => {
  const { dy, weight } = problem.in;
  const { dx } = problem.out;
  return {
    y_w: u32(dy[3]),
    y_h: u32(dy[2]),
    y_blocks: u32(blocksOf(dy[1])),
    y_columns: u32(textureColumns(dy)),
    x_w: u32(dx[3]),
    x_h: u32(dx[2]),
    x_blocks: u32(blocksOf(dx[1])),
    x_columns: u32(textureColumns(dx)),
    pixels: u32(pixelsOf(dx)),
    kernel_h: u32(weight[2] as number),
    kernel_w: u32(weight[3] as number),
    stride_h: u32(pair(problem.attrs.stride)[0]),
    stride_w: u32(pair(problem.attrs.stride)[1]),
    skip_h: u32(skipped(problem)[0]),
    skip_w: u32(skipped(problem)[1]),
  };
};

const variantOf = (subgroup: number) => ({
  ...lanesVariant(subgroup),
  consts: { LANES: subgroup, TC: LANES_TILE.channels },
  layouts: { dy: "tex4", dx: "tex4" } as const,
  packing: { weight: outputTiles({ tile: LANES_TILE.channels, storage: "texture" }) },
  when: ({ in: { dy, weight }, out: { dx }, attrs }: TransposedInputProblem, device: DeviceTraits): boolean =>
    attrs.groups === 1 && runsLanes(device, dy, dx, tileTexels(weight, LANES_TILE.channels)),
  params: paramsOf,
  threads: ({ out: { dx } }: TransposedInputProblem) =>
    [lanesFor(pixelsOf(dx), LANES_TILE, subgroup), ceilDiv(dx[1], LANES_TILE.channels), 1] as const,
});

export const transposedInputLanes = {
  // Subgroups of four lanes (SwiftShader).
  "lanes-4": variantOf(4),
  // Subgroups of eight lanes (lavapipe).
  "lanes-8": variantOf(8),
};
