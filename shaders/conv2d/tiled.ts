/**
 * The GPU variants of tiled.wgsl: one matrix product, in tiles of workgroup memory. Which tile is best depends on how
 * many workgroups the problem gives and on how long its sums are; tile-cost.ts estimates it.
 */
import { rows } from "../../src/kernel/packings.js";
import { pair } from "../../src/kernel/problem.js";
import type { KernelVariant, Precision } from "../../src/kernel/variant.js";
import { rowsF16 } from "./packings.js";
import { borderedSizeParams, hasWindowsInside, isPointwise, matrixSizes } from "./problem.js";
import type { ConvProblem } from "./problem.js";
import { bytesOf, threadsOf, tileEstimate, tilesOf } from "./tile-cost.js";
import type { Tile } from "./tile-cost.js";

/**
 * The fastest tiles of a sweep on an NVIDIA H200, and two that suit every device: 80 to 100 sums a thread, and sums
 * shared by up to eight groups where there are few workgroups. Some need more workgroup memory than the 16 KiB that
 * every device has.
 */
export const TILES = {
  "64x128-k2": { bm: 64, bn: 128, bk: 16, tm: 8, tn: 8, kg: 2 },
  "80x64": { bm: 80, bn: 64, bk: 16, tm: 10, tn: 8, kg: 1 },
  "80x64-k2": { bm: 80, bn: 64, bk: 16, tm: 10, tn: 8, kg: 2 },
  "80x64-k4": { bm: 80, bn: 64, bk: 16, tm: 10, tn: 8, kg: 4 },
  "64x64": { bm: 64, bn: 64, bk: 16, tm: 4, tn: 8, kg: 1 },
  "48x64-k4": { bm: 48, bn: 64, bk: 16, tm: 6, tn: 8, kg: 4 },
  "32x64-k4": { bm: 32, bn: 64, bk: 16, tm: 4, tn: 8, kg: 4 },
  "32x64-k8": { bm: 32, bn: 64, bk: 16, tm: 4, tn: 8, kg: 8 },
  "64x32-k4": { bm: 64, bn: 32, bk: 32, tm: 8, tn: 4, kg: 4 },
  "32x32": { bm: 32, bn: 32, bk: 16, tm: 4, tn: 4, kg: 1 },
  "32x32-k4": { bm: 32, bn: 32, bk: 16, tm: 4, tn: 4, kg: 4 },
  "16x32-k4": { bm: 16, bn: 32, bk: 16, tm: 2, tn: 4, kg: 4 },
  "16x32-k8": { bm: 16, bn: 32, bk: 16, tm: 2, tn: 4, kg: 8 },
} as const satisfies Readonly<Record<string, Tile>>;
type TileName = keyof typeof TILES;

/** Tiles of f16. Their arithmetic is f32's, so the same estimates hold. */
const F16_TILES: readonly TileName[] = ["80x64", "80x64-k2", "64x64", "32x64-k4", "32x32", "32x32-k4", "16x32-k8"];

/** Of all tiles the fastest on a software adapter, in f16 over a whole network. For f32 it has better variants. */
const ON_SOFTWARE: Tile = TILES["32x32"];

/** Where there are tensor cores, tiles of f16 take only what is left: they were never measured to be as fast. */
const BEHIND_TENSOR_CORES = 3;

export function tiledVariant(tile: Tile, precision: Precision): KernelVariant<ConvProblem> {
  const { bm, bn, bk, tm, tn, kg } = tile;
  const threads = threadsOf(tile);
  const isF16 = precision === "f16";
  return {
    wgsl: isF16 ? "tiled-f16" : "tiled",
    workgroup: [threads, 1, 1],
    workgroupBytes: bytesOf(tile),
    consts: { BM: bm, BN: bn, BK4: bk / 4, TM: tm, TN: tn, KG: kg, THREADS: threads },
    packing: { weight: isF16 ? rowsF16 : rows },
    borders: {
      tensors: ["x", "residual", "y"],
      gains: ({ attrs }) => ({ x: Math.max(...pair(attrs.padding)) }),
    },
    when: ({ attrs }) => attrs.groups === 1,
    prefer: (_, device) => !device.software || (isF16 && tile === ON_SOFTWARE),
    estimate(problem, device) {
      const microseconds = tileEstimate(tile, matrixSizes(problem), device);
      return isF16 && device.subgroupMatrix ? BEHIND_TENSOR_CORES * microseconds : microseconds;
    },
    overrides: (problem) => ({
      POINTWISE: isPointwise(problem) ? 1 : 0,
      INSIDE: hasWindowsInside(problem) ? 1 : 0,
    }),
    params: borderedSizeParams,
    threads: (problem) => [tilesOf(matrixSizes(problem), tile) * threads, 1, 1],
    ...(isF16 && { precision, layouts: { x: "nhwc4-f16", residual: "nhwc4-f16", y: "nhwc4-f16" } }),
  };
}

const tileNames = Object.keys(TILES) as TileName[];
export const tiledVariants = Object.fromEntries([
  ...tileNames.map((name) => [`tiled-${name}`, tiledVariant(TILES[name], "f32")] as const),
  ...F16_TILES.map((name) => [`tiled-f16-${name}`, tiledVariant(TILES[name], "f16")] as const),
]);
