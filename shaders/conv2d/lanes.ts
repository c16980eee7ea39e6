/**
 * The variants for software adapters: pixels on the lanes of a subgroup, operands in textures. All sizes are uniforms,
 * so one pipeline serves every layer: compiling is slow there. src/kernel/lanes.ts holds what the kernels share.
 */
import { pixelsOf } from "../../src/kernel/feature-map.js";
import { LANES_TILE, lanesFor, lanesVariant, runsLanes } from "../../src/kernel/lanes.js";
import type { LanesTile } from "../../src/kernel/lanes.js";
import { outputTiles, tileTexels } from "../../src/kernel/packings.js";
import { u32 } from "../../src/kernel/problem.js";
import { blocksOf, ceilDiv } from "../../src/kernel/shape.js";
import { textureColumns } from "../../src/kernel/texture.js";
import type { DeviceTraits } from "../../src/kernel/variant.js";
import { sizeParams } from "./problem.js";
import type { ConvProblem } from "./problem.js";

interface ConvTile extends LanesTile {
  /** Lanes of a subgroup. */
  readonly subgroup: 4 | 8;
  /** Measured speed over that of the first tile of as many lanes, where no thread is idle. */
  readonly speed: number;
}

const fourLanes: ConvTile = { ...LANES_TILE, subgroup: 4, speed: 1 };
const fourLanesWide: ConvTile = { pixels: 7, channels: 32, subgroup: 4, speed: 1.3 };
/** With 16 channels x is loaded twice as often: 0.2 s less to compile, and a seventh more to run (lavapipe). */
const eightLanes: ConvTile = { ...LANES_TILE, channels: 32, subgroup: 8, speed: 1 };
/** For maps such as 14 x 14: the 196 pixels take 5 workgroups of 5 x 8 pixels (200), but 7 of 4 x 8 (224). */
const eightLanesFive: ConvTile = { ...eightLanes, pixels: 5 };

const variantOf = (tile: ConvTile) => ({
  ...lanesVariant(tile.subgroup),
  consts: { LANES: tile.subgroup, TP: tile.pixels, TC: tile.channels },
  layouts: { x: "tex4", residual: "tex4", y: "tex4" } as const,
  packing: { weight: outputTiles({ tile: tile.channels, storage: "texture" }) },
  when: ({ in: { x, weight }, out: { y }, attrs }: ConvProblem, device: DeviceTraits): boolean =>
    attrs.groups === 1 && runsLanes(device, x, y, tileTexels(weight, tile.channels)),
  params: (problem: ConvProblem) => ({
    ...sizeParams(problem),
    in_columns: u32(textureColumns(problem.in.x)),
    out_columns: u32(textureColumns(problem.out.y)),
  }),
  threads: ({ out: { y } }: ConvProblem) =>
    [lanesFor(pixelsOf(y), tile, tile.subgroup), ceilDiv(y[1], tile.channels), 1] as const,
});

/** Estimated time: the multiply-adds of all threads, idle ones included, over the tile's speed. */
function timeOf({ out: { y } }: ConvProblem, tile: ConvTile): number {
  const pixels = lanesFor(pixelsOf(y), tile, tile.subgroup) * tile.pixels;
  const channels = ceilDiv(y[1], tile.channels) * tile.channels;
  return (pixels * channels) / tile.speed;
}

/** `saving`: the share of the other tile's time that must be saved. */
const isFaster = (problem: ConvProblem, tile: ConvTile, than: ConvTile, saving = 0): boolean =>
  timeOf(problem, tile) < timeOf(problem, than) * (1 - saving);

/** The share of a convolution's time that is worth a second tile, which takes 0.4 s to compile. */
const WORTH_COMPILING = 0.05;

export const convLanesVariants = {
  // Subgroups of four lanes (SwiftShader).
  "lanes-4": variantOf(fourLanes),
  // Twice the channels and more pixels per thread; wins where these leave few threads idle. Its inner loop starts anew
  // with each tap, which is too slow where that loop has a single turn: the stem, with one block of input channels.
  "lanes-4-wide": {
    ...variantOf(fourLanesWide),
    wgsl: "lanes-wide",
    prefer: (problem: ConvProblem): boolean =>
      blocksOf(problem.in.x[1]) > 1 && isFaster(problem, fourLanesWide, fourLanes),
  },
  // Subgroups of eight lanes (lavapipe).
  "lanes-8": variantOf(eightLanes),
  // Five pixels per thread; wins where four would leave many more threads idle.
  "lanes-8-five": {
    ...variantOf(eightLanesFive),
    prefer: (problem: ConvProblem): boolean => isFaster(problem, eightLanesFive, eightLanes, WORTH_COMPILING),
  },
};
