/**
 * Estimates how long a tensor core variant takes, so that a plan chooses one without measuring. Six numbers were fitted
 * to times of an NVIDIA H200 (test/fixtures/tile-times.ts). Of its 18 problems, 17 get the configuration that was
 * measured as the fastest or one 0.3 % slower; in the last the fastest is estimated 1 % behind the choice.
 */
import { ceilDiv } from "../../src/kernel/shape.js";

/** Named for the consts of subgroup-matrix.wgsl and subgroup-matrix-window.wgsl that they set. */
export interface MatrixTile {
  /** Matrices of a subgroup along pixels and output channels. */
  readonly sm: number;
  readonly sn: number;
  /** Subgroups of a workgroup along pixels and output channels. */
  readonly gm: number;
  readonly gn: number;
  /** Subgroups that share each sum. */
  readonly kg: number;
}

/** A convolution in matrices of 16 x 16. */
export interface MatrixCounts {
  /** Along the pixels. */
  readonly m: number;
  /** Along the output channels. */
  readonly n: number;
  /** Along taps and input channels. */
  readonly k: number;
}

const SIDE = 16;
const SUBGROUP = 32;

/** What a core holds. */
const REGISTERS = 65536;
const WORKGROUP_BYTES = 220 * 1024;
const MOST_SUBGROUPS = 64;
const MOST_WORKGROUPS = 32;
const CYCLES_PER_MICROSECOND = 1700;

// Fitted, in cycles.
/** To load a matrix from the nearest cache. */
const LOAD = 6.7;
/** To multiply two matrices. */
const MULTIPLY = 6.7;
/** From one step to the next, whatever it computes. */
const STEP = 430;
/** To bring 1,000 bytes of operands from the GPU's shared cache. */
const SHARED_CACHE = 0.21;
/** To store 128 sums and read them again. */
const PASS_ON = 62;
/** To finish four results, from workgroup memory to storage. */
const FINISH = 860;
/** Registers of a thread besides its matrices. */
const OTHER_REGISTERS = 77;

/** Bytes of workgroup memory of every GPU that has tensor cores. */
const LEAST_BYTES = 32768;

/** Bytes of workgroup memory for a row of result matrices per subgroup, each row of values `pad` longer. */
const bytesWith = ({ sn, gm, gn, kg }: MatrixTile, pad: number): number => gm * gn * kg * SIDE * (sn * SIDE + pad) * 4;

/** PAD of the shaders. Eight subgroups with results 64 wide leave no room for one. */
export const padOf = (tile: MatrixTile): number => (bytesWith(tile, 8) <= LEAST_BYTES ? 8 : 0);

export const resultBytes = (tile: MatrixTile): number => bytesWith(tile, padOf(tile));

export const workgroupsOf = ({ m, n }: MatrixCounts, { sm, sn, gm, gn }: MatrixTile): number =>
  ceilDiv(m, gm * sm) * ceilDiv(n, gn * sn);

/** Workgroups that a core runs at once. */
function residents(tile: MatrixTile): number {
  const { sm, sn, gm, gn, kg } = tile;
  const subgroups = gm * gn * kg;
  const registers = 8 * sm * sn + 4 * (sm + sn) + OTHER_REGISTERS;
  const fits = [REGISTERS / (registers * SUBGROUP * subgroups), WORKGROUP_BYTES / resultBytes(tile)];
  return Math.max(1, Math.floor(Math.min(...fits, MOST_SUBGROUPS / subgroups, MOST_WORKGROUPS)));
}

/** Microseconds of a convolution of so many matrices on a GPU of so many cores. */
export function matrixEstimate(tile: MatrixTile, counts: MatrixCounts, cores: number): number {
  const { sm, sn, gm, gn, kg } = tile;
  const workgroups = workgroupsOf(counts, tile);
  const perCore = ceilDiv(workgroups, cores);
  const rounds = ceilDiv(perCore, residents(tile));
  const steps = ceilDiv(counts.k, kg);
  const subgroupSteps = perCore * gm * gn * kg * steps;
  const computed = subgroupSteps * ((sm + sn) * LOAD + sm * sn * MULTIPLY);
  const bytes = workgroups * (gm * sm + gn * sn) * SIDE * counts.k * SIDE * 2;
  const results = gm * sm * gn * sn * SIDE * SIDE;
  const finishing = sm * ceilDiv(SIDE * sn * 4, kg * SUBGROUP) * FINISH;
  const waited = rounds * (steps * STEP + finishing) + (perCore * results * kg * PASS_ON) / 128;
  const fetched = ((bytes / 1000) * SHARED_CACHE * 132) / cores;
  return (computed + waited + fetched) / CYCLES_PER_MICROSECOND;
}
