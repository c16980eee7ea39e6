/**
 * Estimates how long a tile takes on a GPU, so that a plan chooses one without measuring. Four numbers were fitted to
 * times of an NVIDIA H200 (test/fixtures/tile-times.ts): estimates differ from them by 10 % at most, and the tile with
 * the least estimate is within 6 % of the fastest measured. Other GPUs have another number of cores and the same rules:
 * fill all cores, keep enough threads on each, fetch little for each multiplication, and keep sums in registers.
 */
import { ceilDiv } from "../../src/kernel/shape.js";
import type { DeviceTraits } from "../../src/kernel/variant.js";
import type { MatrixSizes } from "./problem.js";

/** What a workgroup of tiled.wgsl computes; named for the consts that it sets. */
export interface Tile {
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

/** What a core holds. */
const REGISTERS = 65536;
const WORKGROUP_BYTES = 220 * 1024;
const MOST_THREADS = 2048;
/** Multiply-adds of a core in a cycle. */
const LANES = 128;
const CYCLES_PER_MICROSECOND = 1700;

// Fitted, in cycles.
/** Of a vec4 fetched from workgroup memory, for each multiply-add with it. */
const FETCH = 7.5;
/** From one step to the next, whatever it computes: loads from memory and a barrier. */
const STEP = 625;
/** To write four results. */
const STORE = 190;
/** To add up two halves of the groups that share sums. */
const REDUCE = 2400;
/** Registers of a thread besides its sums and operands. */
const OTHER_REGISTERS = 25;

/**
 * 32-bit registers of a thread, by vendor. On Intel 8 to 32 threads share 128 registers of 32 or 64 bytes.
 * https://www.intel.com/content/www/us/en/docs/oneapi/optimization-guide-gpu/2024-1/registers.html
 */
const MOST_REGISTERS: Readonly<Record<string, number>> = { nvidia: 255, amd: 255, intel: 64, arm: 64, qualcomm: 64 };
/** Apple's, and what is assumed of others. */
const OTHER_VENDORS = 128;
/** How many times longer a tile takes that needs more registers, so that sums go to memory. Assumed, not measured. */
const SPILLED = 4;

const VEC4_BYTES = 16;

export const threadsOf = ({ bm, bn, tm, tn, kg }: Tile): number => (bm / tm) * (bn / tn) * kg;

/** Tiles of the product, one for each workgroup. */
export const tilesOf = ({ m, n }: MatrixSizes, { bm, bn }: Pick<Tile, "bm" | "bn">): number =>
  ceilDiv(m, bm) * ceilDiv(n, bn);

/** Workgroup memory: the operands of a step, and after the last one the sums of half the groups. */
export const bytesOf = ({ bm, bn, bk, kg }: Tile): number =>
  VEC4_BYTES * Math.max((kg * bk * (bm + bn)) / 4, ((kg / 2) * bm * bn) / 4);

const registersOf = ({ tm, tn }: Tile): number => tm * tn + tm + 4 * tn + OTHER_REGISTERS;

/** Workgroups that a core runs at once. */
function residents(tile: Tile): number {
  const threads = threadsOf(tile);
  const fits = [REGISTERS / (registersOf(tile) * threads), WORKGROUP_BYTES / bytesOf(tile), MOST_THREADS / threads];
  return Math.max(1, Math.floor(Math.min(...fits)));
}

/** Microseconds of a product of these sizes on a GPU. */
export function tileEstimate(
  tile: Tile,
  sizes: MatrixSizes,
  { cores, vendor }: Pick<DeviceTraits, "cores" | "vendor">,
): number {
  const { bm, bn, bk, tm, tn, kg } = tile;
  const perCore = ceilDiv(tilesOf(sizes, tile), cores);
  const rounds = ceilDiv(perCore, residents(tile));
  const steps = ceilDiv(sizes.k, bk * kg);
  const multiplied = (bm * bn * steps * bk * kg) / LANES;
  const fetched = (FETCH * (tm + tn)) / (4 * tm * tn);
  const waited = steps * STEP + ((tm * tn) / 4) * STORE + Math.log2(kg) * REDUCE;
  const slowdown = registersOf(tile) > (MOST_REGISTERS[vendor] ?? OTHER_VENDORS) ? SPILLED : 1;
  return (slowdown * (perCore * multiplied * (1 + fetched) + rounds * waited)) / CYCLES_PER_MICROSECOND;
}
