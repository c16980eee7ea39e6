/**
 * The GPU variants of tiled.wgsl: tiles of one matrix product in workgroup memory. Which tile is best depends on how many
 * workgroups the problem gives and on how long its sums are; the tiles here are the candidates.
 */
import { ceilDiv } from "../../src/kernel/shape.js";
import type { DeviceTraits, Precision, KernelVariant } from "../../src/kernel/variant.js";
import { rows, rowsF16 } from "./packings.js";
import { isPointwise, matrixSizes, sizeParams } from "./problem.js";
import type { ConvProblem } from "./problem.js";

interface Tile {
  /** Pixels x output channels of a workgroup. */
  readonly bm: number;
  readonly bn: number;
  /** Input channels of a step. */
  readonly bk: number;
  /** Results of a thread. */
  readonly tm: number;
  readonly tn: number;
  /** Groups of threads that share one sum. */
  readonly kg: number;
}

/** All within the 16 KiB of workgroup memory that every device has. */
export const TILES = {
  "64x128": { bm: 64, bn: 128, bk: 16, tm: 8, tn: 4, kg: 1 },
  "64x64": { bm: 64, bn: 64, bk: 16, tm: 4, tn: 8, kg: 1 },
  "64x64-k2": { bm: 64, bn: 64, bk: 16, tm: 4, tn: 8, kg: 2 },
  "32x32": { bm: 32, bn: 32, bk: 16, tm: 4, tn: 4, kg: 1 },
  "32x32-k4": { bm: 32, bn: 32, bk: 16, tm: 4, tn: 4, kg: 4 },
  "32x32-k8": { bm: 32, bn: 32, bk: 8, tm: 4, tn: 4, kg: 8 },
} as const satisfies Readonly<Record<string, Tile>>;
export type TileName = keyof typeof TILES;

const threadsOf = ({ bm, bn, tm, tn, kg }: Tile): number => (bm / tm) * (bn / tn) * kg;
const tilesOf = ({ m, n }: { readonly m: number; readonly n: number }, { bm, bn }: Tile): number =>
  ceilDiv(m, bm) * ceilDiv(n, bn);

/**
 * The tile to use where nothing was measured: the largest that still gives a large GPU two workgroups a core; below that, small
 * tiles whose sums are split among more threads the fewer workgroups there are.
 */
function likelyTile(problem: ConvProblem, { limits }: DeviceTraits): TileName {
  const sizes = matrixSizes(problem);
  if (sizes.n >= 128 && tilesOf(sizes, TILES["64x128"]) >= 256) return "64x128";
  if (tilesOf(sizes, TILES["64x64"]) >= 256) return "64x64";
  if (tilesOf(sizes, TILES["64x64"]) >= 128 && sizes.k >= 512) return "64x64-k2";
  const small = tilesOf(sizes, TILES["32x32"]);
  if (
    small <= 128 &&
    sizes.k >= 1024 &&
    (limits.maxComputeInvocationsPerWorkgroup ?? 0) >= threadsOf(TILES["32x32-k8"])
  )
    return "32x32-k8";
  return small < 512 && sizes.k >= 512 ? "32x32-k4" : "32x32";
}

/** The tiles offered for f16, and which of them stands in for each. */
const F16_TILES: Readonly<Record<TileName, TileName>> = {
  "64x128": "64x64",
  "64x64": "64x64",
  "64x64-k2": "32x32-k4",
  "32x32": "32x32",
  "32x32-k4": "32x32-k4",
  "32x32-k8": "32x32-k4",
};

/** Tiles of `bm` pixels x `bn` channels, `tm` x `tn` results a thread, for GPUs. */
const variantOf = (name: TileName, precision: Precision): KernelVariant<ConvProblem> => {
  const tile: Tile = TILES[name];
  const f16 = precision === "f16";
  const { bm, bn, bk, tm, tn, kg } = tile;
  const threads = threadsOf(tile);
  return {
    wgsl: f16 ? "tiled-f16" : "tiled",
    workgroup: [threads, 1, 1],
    consts: { BM: bm, BN: bn, BK4: bk / 4, TM: tm, TN: tn, KG: kg, THREADS: threads },
    packing: { weight: f16 ? rowsF16 : rows },
    when: ({ attrs }, { limits }) => attrs.groups === 1 && (limits.maxComputeInvocationsPerWorkgroup ?? 0) >= threads,
    prefer: (problem, device) => {
      const likely = likelyTile(problem, device);
      return f16 ? F16_TILES[likely] === name : !device.software && likely === name;
    },
    overrides: (problem) => ({ POINTWISE: isPointwise(problem) ? 1 : 0 }),
    params: sizeParams,
    threads: (problem) => [tilesOf(matrixSizes(problem), tile) * threads, 1, 1],
    ...(f16 && { precision, layouts: { x: "nhwc4-f16", residual: "nhwc4-f16", y: "nhwc4-f16" } }),
  };
};

const names = Object.keys(TILES) as TileName[];
export const tiledVariants = Object.fromEntries([
  ...names.map((name) => [`tiled-${name}`, variantOf(name, "f32")] as const),
  ...names
    .filter((name) => F16_TILES[name] === name)
    .map((name) => [`tiled-f16-${name}`, variantOf(name, "f16")] as const),
]);
