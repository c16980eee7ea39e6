/**
 * A section: consecutive calls that run band by band, all bands of one size. What later sections read is kept between
 * them. Here: what a section reads and makes, how large its bands may be, and what they cost.
 */
import type { AnyProblem } from "../../kernel/problem.js";
import type { Precision } from "../../kernel/variant.js";
import type { Value } from "../graph.js";
import { BandMemory, bytesOfCells, copiedReads } from "./band-memory.js";
import type { BandLimits } from "./band-memory.js";
import { extentsAt } from "./extents.js";
import type { BandExtent } from "./extents.js";
import { extentOf, withExtent } from "./grid.js";
import type { Grid, GridNode, Place } from "./grid.js";

export interface Section {
  readonly nodes: readonly GridNode[];
  /** Values that are read cell by cell, whole, or by position: from the host, or from what sections before kept. */
  readonly inputs: readonly Value[];
  /** Values that later sections read, or that the caller gets. */
  readonly outputs: readonly Value[];
}

/** Bands of a section: every one has the size of the last, which ends where the whole does. */
export interface Bands {
  /** Pixel of the grid at which the last band begins; 0 where one band is all. */
  readonly last: number;
  /** Pixels of a band. */
  readonly length: number;
  /** Pixels from one band to the next. */
  readonly step: number;
  readonly count: number;
  readonly extents: ReadonlyMap<Value, BandExtent>;
}

/**
 * Bands of rows begin at whole words of four labels, so that kernels group pixels as in the whole. Bands of columns
 * group other pixels: their rows are shorter. Their labels are right because kernels find each label from its own pixel
 * alone, whatever the others of its word are.
 */
const WORD = 4;

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

/** Bands begin at multiples of this many pixels: where all values have a cell. */
function alignmentOf(grid: Grid, { nodes }: Section): number {
  let aligned = 1;
  for (const { node, reads } of nodes) {
    if (reads.some(({ need }) => need === "positions")) aligned *= WORD / gcd(aligned, WORD);
    const onGrid = reads.filter(({ need }) => typeof need === "object").map(({ value }) => value);
    for (const value of [...onGrid, ...Object.values(node.outputs)]) {
      const scale = Math.max(1, (grid.places.get(value) as Place).scale);
      aligned = (aligned / gcd(aligned, scale)) * scale;
    }
  }
  return aligned;
}

/** Pixels of the whole along the section's grid. */
function lengthOf(grid: Grid, { nodes, outputs }: Section): number {
  const values = nodes.flatMap(({ node, reads }) => [
    ...reads.filter(({ need }) => typeof need === "object").map(({ value }) => value),
    ...Object.values(node.outputs),
  ]);
  const lengths = [...values, ...outputs].map((v) => extentOf(v, grid.axis) * (grid.places.get(v) as Place).scale);
  return Math.min(...lengths);
}

/** The fewest bands that fit, or bands of about the size that the caller names. Undefined where none do. */
export function bandsOf(grid: Grid, section: Section, limits: BandLimits): Bands | undefined {
  const alignment = alignmentOf(grid, section);
  const length = lengthOf(grid, section);
  const memory = new BandMemory(grid, section, limits.precision);
  const extentsOf = (blocks: number) => extentsAt(grid, section.nodes, blocks * alignment);
  const fitsAt = (blocks: number): boolean => {
    const extents = extentsOf(blocks);
    return !extents || memory.fits(extents, limits);
  };
  // Bands shrink as the last one begins later: the first beginning that fits has the largest bands.
  let high = Math.floor((length - 1) / alignment);
  let low = Math.min(high, Math.max(0, Math.ceil((length - (limits.tile ?? length)) / alignment)));
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (fitsAt(middle)) high = middle;
    else low = middle + 1;
  }
  // Bands that are no longer than what they leave out are made longer, as far as they fit.
  for (let longer = 1; ; longer *= 2) {
    const extents = extentsOf(low);
    if (extents && !memory.fits(extents, limits)) return undefined;
    const last = low * alignment;
    const bands = extents && stepped(grid, section, { last, alignment, extents, length: length - last });
    if (bands ?? low === 0) return bands;
    low = Math.max(0, low - longer);
  }
}

/** The maps of a section in its smallest bands, with their bytes. */
export function leastSizes(grid: Grid, section: Section, precision: Precision) {
  const alignment = alignmentOf(grid, section);
  let last = Math.floor((lengthOf(grid, section) - 1) / alignment) * alignment;
  let extents = extentsAt(grid, section.nodes, last);
  for (; !extents && last > 0; last -= alignment) extents = extentsAt(grid, section.nodes, last - alignment);
  const values = [...section.inputs, ...section.nodes.flatMap(({ node }) => Object.values(node.outputs))];
  const copied = new Set(section.nodes.flatMap((call) => copiedReads(grid, call)));
  return values.map((value) => {
    const cells = extents?.get(value)?.cells ?? extentOf(value, grid.axis);
    const shape = withExtent(value.shape, grid.axis, cells);
    return { name: value.name, shape, bytes: bytesOfCells(value, grid, cells, copied.has(value) ? "f32" : precision) };
  });
}

function stepped(
  grid: Grid,
  { outputs }: Section,
  { alignment, ...bands }: { readonly alignment: number } & Omit<Bands, "step" | "count">,
): Bands | undefined {
  const { last, extents } = bands;
  if (last === 0) return { ...bands, step: 0, count: 1 };
  const right = outputs.map((value) => {
    const { low, high } = extents.get(value) as BandExtent;
    return (high - low) * (grid.places.get(value) as Place).scale;
  });
  const step = Math.floor(Math.min(...right) / alignment) * alignment;
  return step > 0 ? { ...bands, step, count: Math.ceil(last / step) + 1 } : undefined;
}

/** Of a byte that moves, in operations. */
const BYTE_COST = 8;

const costOf = (kernel: GridNode["node"]["kernel"], problem: AnyProblem): number => {
  const { flops, bytes } = kernel.cost(problem);
  return flops + BYTE_COST * bytes;
};

/** Operations of all bands, and the copies of what is read and kept. */
export function costOfBands(grid: Grid, { nodes, inputs, outputs }: Section, { count, extents }: Bands): number {
  let cost = 0;
  for (const { node } of nodes) {
    const [value] = Object.values(node.outputs);
    const share = value ? (extents.get(value)?.cells ?? 1) / extentOf(value, grid.axis) : 1;
    cost += costOf(node.kernel, node.problem) * share * count;
  }
  for (const value of [...inputs, ...outputs]) {
    const cells = (extents.get(value)?.cells ?? extentOf(value, grid.axis)) * count;
    // Read and written by the copy, and by a conversion of layouts.
    cost += 4 * BYTE_COST * bytesOfCells(value, grid, cells, "f32");
  }
  return cost;
}
