/**
 * The GPU variants of tiled.wgsl: one matrix product, in tiles of workgroup memory. Which tile is best depends on how
 * many workgroups the problem gives and on how long its sums are. The tiles here are the candidates.
 */
import { ceilDiv } from "../../src/kernel/shape.js";
import type { DeviceTraits, KernelVariant, Precision } from "../../src/kernel/variant.js";
import { LARGE_GPU_CORES, LONG_SUM } from "./gpu-defaults.js";
import { rows, rowsF16 } from "./packings.js";
import { isPointwise, matrixSizes, sizeParams } from "./problem.js";
import type { ConvProblem, MatrixSizes } from "./problem.js";

/** Named for the consts of tiled.wgsl that they set. */
interface Tile {
  /** Pixels and output channels of a workgroup. */
  readonly bm: number;
  readonly bn: number;
  /** Input channels of a step. */
  readonly bk: number;
  /** Pixels and output channels of a thread. */
  readonly tm: number;
  readonly tn: number;
  /** Groups of threads that share each sum. */
  readonly kg: number;
}

/** All fit in the 16 KiB of workgroup memory that every device has. */
export const TILES = {
  "64x128": { bm: 64, bn: 128, bk: 16, tm: 8, tn: 4, kg: 1 },
  "64x64": { bm: 64, bn: 64, bk: 16, tm: 4, tn: 8, kg: 1 },
  "64x64-k2": { bm: 64, bn: 64, bk: 16, tm: 4, tn: 8, kg: 2 },
  "32x32": { bm: 32, bn: 32, bk: 16, tm: 4, tn: 4, kg: 1 },
  "32x32-k4": { bm: 32, bn: 32, bk: 16, tm: 4, tn: 4, kg: 4 },
  "32x32-k8": { bm: 32, bn: 32, bk: 8, tm: 4, tn: 4, kg: 8 },
} as const satisfies Readonly<Record<string, Tile>>;
type TileName = keyof typeof TILES;

/** The f16 tile that stands in for each tile of f32. */
const F16_TILES: Readonly<Record<TileName, TileName>> = {
  "64x128": "64x64",
  "64x64": "64x64",
  "64x64-k2": "32x32-k4",
  "32x32": "32x32",
  "32x32-k4": "32x32-k4",
  "32x32-k8": "32x32-k4",
};

const threadsOf = ({ bm, bn, tm, tn, kg }: Tile): number => (bm / tm) * (bn / tn) * kg;

const workgroupsOf = ({ m, n }: MatrixSizes, { bm, bn }: Tile): number => ceilDiv(m, bm) * ceilDiv(n, bn);

const fits = (tile: Tile, { limits }: DeviceTraits): boolean =>
  (limits.maxComputeInvocationsPerWorkgroup ?? 0) >= threadsOf(tile);

/**
 * The default tile: the largest that still gives every core of a large GPU two workgroups. Below that, small tiles
 * whose sums are split among more threads the fewer workgroups there are.
 */
function likelyTile(problem: ConvProblem, device: DeviceTraits): TileName {
  const sizes = matrixSizes(problem);
  const workgroups = (name: TileName): number => workgroupsOf(sizes, TILES[name]);
  const isLong = sizes.k >= LONG_SUM;
  if (sizes.n >= TILES["64x128"].bn && workgroups("64x128") >= 2 * LARGE_GPU_CORES) return "64x128";
  if (workgroups("64x64") >= 2 * LARGE_GPU_CORES) return "64x64";
  if (workgroups("64x64") >= LARGE_GPU_CORES && isLong) return "64x64-k2";
  const isVeryLong = sizes.k >= 2 * LONG_SUM;
  if (workgroups("32x32") <= LARGE_GPU_CORES && isVeryLong && fits(TILES["32x32-k8"], device)) return "32x32-k8";
  return workgroups("32x32") < 4 * LARGE_GPU_CORES && isLong ? "32x32-k4" : "32x32";
}

function variantOf(name: TileName, precision: Precision): KernelVariant<ConvProblem> {
  const tile: Tile = TILES[name];
  const { bm, bn, bk, tm, tn, kg } = tile;
  const threads = threadsOf(tile);
  const isF16 = precision === "f16";
  return {
    wgsl: isF16 ? "tiled-f16" : "tiled",
    workgroup: [threads, 1, 1],
    consts: { BM: bm, BN: bn, BK4: bk / 4, TM: tm, TN: tn, KG: kg, THREADS: threads },
    packing: { weight: isF16 ? rowsF16 : rows },
    when: ({ attrs }, device) => attrs.groups === 1 && fits(tile, device),
    prefer(problem, device) {
      const likely = likelyTile(problem, device);
      return isF16 ? F16_TILES[likely] === name : !device.software && likely === name;
    },
    overrides: (problem) => ({ POINTWISE: isPointwise(problem) ? 1 : 0 }),
    params: sizeParams,
    threads: (problem) => [workgroupsOf(matrixSizes(problem), tile) * threads, 1, 1],
    ...(isF16 && { precision, layouts: { x: "nhwc4-f16", residual: "nhwc4-f16", y: "nhwc4-f16" } }),
  };
}

const tileNames = Object.keys(TILES) as TileName[];
const f16Names = tileNames.filter((name) => F16_TILES[name] === name);
export const tiledVariants = Object.fromEntries([
  ...tileNames.map((name) => [`tiled-${name}`, variantOf(name, "f32")] as const),
  ...f16Names.map((name) => [`tiled-f16-${name}`, variantOf(name, "f16")] as const),
]);
