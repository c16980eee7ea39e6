/** The GPU variants: a matrix product for each split, in tiles of workgroup memory. */
import { pixelsOf } from "../../src/kernel/feature-map.js";
import { pixelsPerSplit } from "../../src/kernel/gradients.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { pair, u32 } from "../../src/kernel/problem.js";
import { blocksOf, ceilDiv } from "../../src/kernel/shape.js";
import type { DeviceTraits } from "../../src/kernel/variant.js";
import { windowUniforms } from "../../src/kernel/window.js";
import { columnsOf } from "./problem.js";
import type { WeightMaps, WeightGradientProblem } from "./problem.js";

/** What a workgroup computes; named for the consts that it sets. */
export interface WeightTile {
  /** Output channels and columns of a workgroup, in blocks of four. */
  readonly bm4: number;
  readonly bn4: number;
  /** Blocks of a thread. */
  readonly tm4: number;
  readonly tn4: number;
}

const wide: WeightTile = { bm4: 16, bn4: 16, tm4: 2, tn4: 2 };
const narrow: WeightTile = { bm4: 8, bn4: 8, tm4: 1, tn4: 1 };

/** Pixels of a step. */
const STEP = 16;
const THREADS = 64;

/** Workgroups of one split. */
export const tilesOfSplit = (problem: WeightMaps, { bm4, bn4 }: WeightTile): number =>
  ceilDiv(blocksOf(problem.in.dy[1]), bm4) * ceilDiv(columnsOf(problem), bn4);

/** The wide tile, except where it would leave half of its rows or columns idle. */
export const tileFor = (problem: WeightMaps): WeightTile =>
  blocksOf(problem.in.dy[1]) > wide.bm4 / 2 && columnsOf(problem) > wide.bn4 / 2 ? wide : narrow;

const paramsOf = ({ in: { x, dy }, out: { parts }, attrs }: WeightGradientProblem) => ({
  x_h: u32(x[2]),
  x_w: u32(x[3]),
  x_blocks: u32(blocksOf(x[1])),
  y_h: u32(dy[2]),
  y_w: u32(dy[3]),
  y_blocks: u32(blocksOf(dy[1])),
  in_c: u32(x[1]),
  out_c: u32(dy[1]),
  pixels: u32(pixelsOf(dy)),
  per_split: u32(pixelsPerSplit(dy, attrs.splits)),
  splits: u32(attrs.splits),
  values: u32(sizeOf(parts)),
  ...windowUniforms(attrs),
  dilation_h: u32(pair(attrs.dilation)[0]),
  dilation_w: u32(pair(attrs.dilation)[1]),
});

const variantOf = (tile: WeightTile) => ({
  wgsl: "tiled",
  workgroup: [THREADS, 1, 1] as const,
  consts: { BM4: tile.bm4, BN4: tile.bn4, BK: STEP, TM4: tile.tm4, TN4: tile.tn4, THREADS },
  prefer: (problem: WeightGradientProblem, device: DeviceTraits): boolean =>
    !device.software && tileFor(problem) === tile,
  params: paramsOf,
  overrides: () => ({}),
  threads: (problem: WeightGradientProblem) =>
    [tilesOfSplit(problem, tile) * problem.attrs.splits * THREADS, 1, 1] as const,
});

export const weightGradientTiles = {
  // 64 output channels x 64 columns.
  "tiled-64x64": variantOf(wide),
  // For few channels, such as the scores of 21 classes.
  "tiled-32x32": variantOf(narrow),
};
