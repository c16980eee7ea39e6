/** The GPU variants: a matrix product for each split, in tiles of workgroup memory. */
import { pixelsOf } from "../../src/kernel/feature-map.js";
import { pixelsPerSplit } from "../../src/kernel/gradients.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { pair, u32 } from "../../src/kernel/problem.js";
import { blocksOf, ceilDiv } from "../../src/kernel/shape.js";
import type { DeviceTraits } from "../../src/kernel/variant.js";
import { transposedColumns } from "./problem.js";
import type { TransposedMaps, TransposedWeightProblem } from "./problem.js";

/** What a workgroup computes; named for the consts that it sets. */
export interface TransposedTile {
  /** Input channels and columns of a workgroup, in blocks of four. */
  readonly bm4: number;
  readonly bn4: number;
  /** Blocks of a thread. */
  readonly tm4: number;
  readonly tn4: number;
}

const wide: TransposedTile = { bm4: 16, bn4: 16, tm4: 2, tn4: 2 };
const narrow: TransposedTile = { bm4: 8, bn4: 8, tm4: 1, tn4: 1 };

/** Pixels of a step. */
const STEP = 16;
const THREADS = 64;

/** Workgroups of one split. */
export const transposedTilesOfSplit = (problem: TransposedMaps, { bm4, bn4 }: TransposedTile): number =>
  ceilDiv(blocksOf(problem.in.x[1]), bm4) * ceilDiv(transposedColumns(problem), bn4);

/** The wide tile, except where it would leave half of its rows or columns idle. */
export const transposedTileFor = (problem: TransposedMaps): TransposedTile =>
  blocksOf(problem.in.x[1]) > wide.bm4 / 2 && transposedColumns(problem) > wide.bn4 / 2 ? wide : narrow;

const paramsOf = ({ in: { x, dy }, out: { parts }, attrs }: TransposedWeightProblem) => ({
  y_h: u32(dy[2]),
  y_w: u32(dy[3]),
  y_blocks: u32(blocksOf(dy[1])),
  x_h: u32(x[2]),
  x_w: u32(x[3]),
  x_blocks: u32(blocksOf(x[1])),
  out_c: u32(dy[1]),
  in_c: u32(x[1]),
  pixels: u32(pixelsOf(x)),
  per_split: u32(pixelsPerSplit(x, attrs.splits)),
  splits: u32(attrs.splits),
  values: u32(sizeOf(parts)),
  kernel_h: u32(pair(attrs.kernel)[0]),
  kernel_w: u32(pair(attrs.kernel)[1]),
  stride_h: u32(pair(attrs.stride)[0]),
  stride_w: u32(pair(attrs.stride)[1]),
  skip_h: u32(pair(attrs.padding)[0] + pair(attrs.crop_offset)[0]),
  skip_w: u32(pair(attrs.padding)[1] + pair(attrs.crop_offset)[1]),
});

const variantOf = (tile: TransposedTile) => ({
  wgsl: "tiled",
  workgroup: [THREADS, 1, 1] as const,
  consts: { BM4: tile.bm4, BN4: tile.bn4, BK: STEP, TM4: tile.tm4, TN4: tile.tn4, THREADS },
  when: ({ attrs }: TransposedWeightProblem): boolean => attrs.groups === 1,
  prefer: (problem: TransposedWeightProblem, device: DeviceTraits): boolean =>
    !device.software && transposedTileFor(problem) === tile,
  params: paramsOf,
  overrides: () => ({}),
  threads: (problem: TransposedWeightProblem) =>
    [transposedTilesOfSplit(problem, tile) * problem.attrs.splits * THREADS, 1, 1] as const,
});

export const transposedWeightTiles = {
  // 64 input channels x 64 columns.
  "tiled-64x64": variantOf(wide),
  // For few channels, such as the scores of 21 classes.
  "tiled-32x32": variantOf(narrow),
};
