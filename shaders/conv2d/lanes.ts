/**
 * The variants for software adapters: pixels on the lanes of a subgroup, operands in textures. All sizes are uniforms,
 * so one pipeline serves every layer: compiling is slow there. Other kernels run lanes.wgsl as well:
 * src/kernel/conv-lanes.ts.
 */
import { EIGHT_LANES, FOUR_LANES, convLanes } from "../../src/kernel/conv-lanes.js";
import type { SubgroupTile } from "../../src/kernel/conv-lanes.js";
import { pixelsOf } from "../../src/kernel/feature-map.js";
import { lanesFor } from "../../src/kernel/lanes.js";
import { blocksOf, ceilDiv } from "../../src/kernel/shape.js";
import type { ConvProblem } from "./problem.js";

interface ConvTile extends SubgroupTile {
  /** Measured speed over that of the first tile of as many lanes, where no thread is idle. */
  readonly speed: number;
}

const fourLanes: ConvTile = { ...FOUR_LANES, speed: 1 };
const fourLanesWide: ConvTile = { pixels: 7, channels: 32, subgroup: 4, speed: 1.3 };
const eightLanes: ConvTile = { ...EIGHT_LANES, speed: 1 };
/** For maps such as 14 x 14: the 196 pixels take 5 workgroups of 5 x 8 pixels (200), but 7 of 4 x 8 (224). */
const eightLanesFive: ConvTile = { ...eightLanes, pixels: 5 };

const variantOf = (tile: ConvTile) =>
  convLanes(tile, {
    callOf: ({ in: inputs, out, attrs }: ConvProblem) => ({ ...inputs, ...out, ...attrs }),
    serves: ({ attrs }) => attrs.groups === 1,
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

/** The share of a convolution's time that is worth a second tile, which takes 0.2 s to compile. */
const WORTH_COMPILING = 0.05;

export const convLanesVariants = {
  // Subgroups of four lanes (SwiftShader).
  "lanes-4": variantOf(fourLanes),
  // Twice the channels and more pixels per thread; wins where these leave few threads idle. Its inner loop starts again
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
