/**
 * How far the values of a band reach, and which of their cells are right. A band is the calls of a section on some
 * rows of its inputs, as if they were a picture of their own: every call runs as in the whole, with its padding. Near
 * an edge of a band that is not an edge of the whole, cells have seen padding where the whole has pixels. Those are
 * computed and left out; the next band has them right.
 */
import type { Node, Value } from "../graph.js";
import { extentOf } from "./grid.js";
import type { Grid, GridNode, Place } from "./grid.js";
import { cellsRead, positionsOf } from "./positions.js";
import type { Reach } from "./reach.js";

/** Cells of a value in every band of a section; positions are within the band. */
export interface BandExtent {
  readonly cells: number;
  /** The first right cell of a band that does not begin where the whole does. */
  readonly low: number;
  /** The cell after the last right one of a band that does not end where the whole does. */
  readonly high: number;
}

/** The right cells of an output, from those of an input. */
function throughReach(x: BandExtent, { down, up, first, last }: Reach): Pick<BandExtent, "low" | "high"> {
  const low = Math.floor(((x.low - 1) * up - first) / down) + 1;
  return { low: Math.max(0, low), high: Math.ceil((x.high * up - last) / down) };
}

/**
 * Extents of the values of some calls where the last band begins at pixel `last` of the grid: all bands have its size,
 * so that one plan serves them all. Undefined where a value would have no right cell.
 */
export function extentsAt(
  grid: Grid,
  nodes: readonly GridNode[],
  last: number,
): ReadonlyMap<Value, BandExtent> | undefined {
  const extents = new Map<Value, BandExtent>();
  const wholes = new Set<Value>();
  for (const { node, reads } of nodes) {
    // What reads its inputs whole is computed at once.
    if (last > 0 && reads.every(({ need }) => need === "whole")) return undefined;
    let low = 0;
    let high = Infinity;
    for (const { value, need } of reads) {
      if (need === "positions" && last > 0) extents.set(value, positioned(grid, node, value, last));
      if (need === "whole") wholes.add(value);
      if (typeof need !== "object") continue;
      const x = extents.get(value) ?? inputExtent(grid, value, last);
      extents.set(value, x);
      const right = throughReach(x, need);
      low = Math.max(low, right.low);
      high = Math.min(high, right.high);
    }
    for (const value of Object.values(node.outputs)) {
      const { scale } = grid.places.get(value) as Place;
      const cells = extentOf(value, grid.axis) - last / scale;
      const own = { cells, low: last === 0 ? 0 : low, high: last === 0 ? cells : Math.min(high, cells) };
      if (!Number.isInteger(cells) || own.high <= own.low) return undefined;
      extents.set(value, own);
    }
  }
  // A band cannot have a value both whole and in part.
  return last > 0 && [...wholes].some((value) => extents.has(value)) ? undefined : extents;
}

/** What a section reads of a value, cell by cell: all of it is right. */
function inputExtent(grid: Grid, value: Value, last: number): BandExtent {
  const { scale } = grid.places.get(value) as Place;
  return allRight(extentOf(value, grid.axis) - last / scale);
}

/** What a call reads of the value in which its outputs lie. */
function positioned(grid: Grid, node: Node, x: Value, last: number): BandExtent {
  const [y] = Object.values(node.outputs);
  const outputs = extentOf(y as Value, grid.axis) - last;
  return allRight(cellsRead(positionsOf(node, grid.axis), outputs, extentOf(x, grid.axis)));
}

const allRight = (cells: number): BandExtent => ({ cells, low: 0, high: cells });
