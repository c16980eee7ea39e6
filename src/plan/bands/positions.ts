/** Calls whose outputs lie at positions of their input (kernel/resampling.ts): which cells a band of them reads. */
import { i32 } from "../../kernel/problem.js";
import type { Scalar } from "../../kernel/problem.js";
import type { Axis } from "../../kernel/window.js";
import type { Node } from "../graph.js";

/** Output i lies at clamp(i * step + offset, 0, most) / over cells of the input. */
export interface CellPositions {
  readonly step: number;
  readonly offset: number;
  readonly over: number;
  readonly most: number;
}

type Uniforms = Readonly<Record<string, Scalar>>;

/** Cells before and after the position itself that a mix reads, and one for its fraction. */
const AROUND = 3;

const named = (axis: Axis) => {
  const side = axis === 0 ? "h" : "w";
  return { step: `step_${side}`, offset: `offset_${side}`, over: `over_${side}`, most: `most_${side}` } as const;
};

/** Of the whole call. */
export function positionsOf({ kernel, problem }: Node, axis: Axis): CellPositions {
  const uniforms: Uniforms = kernel.params(problem);
  const names = named(axis);
  const valueOf = (name: string): number => uniforms[name]?.value ?? Infinity;
  return {
    step: valueOf(names.step),
    offset: valueOf(names.offset),
    over: valueOf(names.over),
    most: valueOf(names.most),
  };
}

/** Cells that so many outputs read, wherever they begin. */
export const cellsRead = ({ step, over }: CellPositions, outputs: number, cells: number): number =>
  Math.min(cells, Math.floor(((outputs - 1) * step) / over) + AROUND);

/** The first cell that a band reads whose first output is `output`. `read` cells of `cells` follow. */
export function firstCell(
  { step, offset, over, most }: CellPositions,
  output: number,
  { read, cells }: { readonly read: number; readonly cells: number },
): number {
  const at = Math.min(Math.max(output * step + offset, 0), most);
  return Math.min(Math.floor(at / over), cells - read);
}

/** Uniforms of a band, with the positions of the whole moved to its first output and its first cell. */
export function movedUniforms(
  uniforms: Uniforms,
  { step, offset, over, most }: CellPositions,
  axis: Axis,
  { output, cell }: { readonly output: number; readonly cell: number },
): Uniforms {
  const names = named(axis);
  const moved = {
    ...uniforms,
    [names.step]: i32(step),
    [names.over]: i32(over),
    [names.offset]: i32(offset + output * step - cell * over),
  };
  return names.most in uniforms ? { ...moved, [names.most]: i32(Math.min(most, MOST) - cell * over) } : moved;
}

/** Where nothing limits a position: the largest i32. */
const MOST = 2 ** 31 - 1;
