/** How many parts the gradient of a transposed convolution's weight is best computed in. */
import { pixelsOf } from "../../src/kernel/feature-map.js";
import { blocksOf, ceilDiv } from "../../src/kernel/shape.js";
import type { DeviceTraits } from "../../src/kernel/variant.js";
import { transposedColumns } from "./problem.js";
import type { TransposedMaps } from "./problem.js";
import { transposedTileFor, transposedTilesOfSplit } from "./tiled.js";

/** Workgroups that keep a core busy: while some wait for memory, others multiply. */
const PER_CORE = 4;
/** Cores of a software adapter, which does not say. */
const SOFTWARE_CORES = 4;
/** A split of fewer pixels would cost more to add up than it saves. */
const LEAST_PIXELS = 128;

/** Workgroups of one split, with the variant that this device runs. */
function workgroups(problem: TransposedMaps, device: DeviceTraits): number {
  if (!device.software) return transposedTilesOfSplit(problem, transposedTileFor(problem));
  const lanes = device.subgroupSize === 4 ? 4 : 8;
  return ceilDiv(transposedColumns(problem), lanes) * ceilDiv(blocksOf(problem.in.x[1]), lanes);
}

/**
 * A good number of splits for a weight with groups 1: as few as give every core of the device enough workgroups,
 * because all parts are written and read again.
 */
export function transposedWeightSplits(problem: TransposedMaps, device: DeviceTraits): number {
  const wanted = ceilDiv(PER_CORE * (device.software ? SOFTWARE_CORES : device.cores), workgroups(problem, device));
  return Math.max(1, Math.min(wanted, Math.floor(pixelsOf(problem.in.x) / LEAST_PIXELS)));
}
