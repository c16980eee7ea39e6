/**
 * Bilinear upsampling by a fixed transposed convolution, seen from its output. The kernel has 2 s or 2 s - 1 taps a
 * side for a stride of s. A pixel lies between four nodes, which are the pixels of the input; outside of it they are
 * zero. A cell is the square between four nodes. Positions are in half pixels, and so are whole numbers.
 */
import { badShape } from "../base/errors.js";
import { checkWholeNumbers } from "./checks.js";
import { pair, u32 } from "./problem.js";
import type { Pair } from "./problem.js";

/** As the attributes of conv-transpose2d. */
export interface BilinearGeometry {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly crop_offset: Pair;
}

/** @throws bad-shape unless the geometry is that of a bilinear kernel */
export function checkBilinear(name: string, { kernel, stride, padding, crop_offset }: BilinearGeometry): void {
  const least = { kernel: 1, stride: 1, padding: 0, crop_offset: 0 };
  checkWholeNumbers(name, { kernel, stride, padding, crop_offset }, least);
  if (kernel === 2 * stride || kernel === 2 * stride - 1) return;
  throw badShape(
    `${name}: kernel ${kernel} with stride ${stride} is not bilinear: it needs ${2 * stride - 1} or ${2 * stride} taps`,
  );
}

/** Half pixels from the node before node 0 to pixel 0, along both axes. */
export function origins({ kernel, stride, padding, crop_offset }: BilinearGeometry): readonly [number, number] {
  const [top, left] = pair(crop_offset);
  const origin = (crop: number): number => 2 * (padding + crop) - (kernel - 1) + 2 * stride;
  return [origin(top), origin(left)];
}

/** The first cell along rows that has pixels, and how many there are. Cell i lies between the nodes i - 1 and i. */
export function cellsOf(geometry: BilinearGeometry, width: number): { readonly first: number; readonly count: number } {
  const [, left] = origins(geometry);
  const cellAt = (x: number): number => Math.floor((2 * x + left) / (2 * geometry.stride));
  return { first: cellAt(0), count: cellAt(width - 1) - cellAt(0) + 1 };
}

/** Uniforms. */
export function cellParams(geometry: BilinearGeometry) {
  const [top, left] = origins(geometry);
  return {
    top: u32(top),
    left: u32(left),
    first_cell: u32(Math.floor(left / (2 * geometry.stride))),
    step: u32(2 * geometry.stride),
  };
}
