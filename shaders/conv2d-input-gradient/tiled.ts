/** The GPU variant: a matrix product in tiles of workgroup memory. */
import { outputTiles } from "../../src/kernel/packings.js";
import { pair, u32 } from "../../src/kernel/problem.js";
import { blocksOf, ceilDiv } from "../../src/kernel/shape.js";
import type { DeviceTraits } from "../../src/kernel/variant.js";
import { windowUniforms } from "../../src/kernel/window.js";
import { hasPositions, windowsOf } from "./problem.js";
import type { InputGradientProblem } from "./problem.js";

/** Pixels and input channels of a tile. */
const SIDE = 64;
const THREADS = 64;

function tilesOf(problem: InputGradientProblem): number {
  const [strideH, strideW] = pair(problem.attrs.stride);
  return strideH * strideW * ceilDiv(windowsOf(problem), SIDE) * ceilDiv(problem.out.dx[1], SIDE);
}

export const tiled = {
  wgsl: "tiled",
  workgroup: [THREADS, 1, 1] as const,
  packing: { weight: outputTiles({ tile: 4, order: "in-out" }) },
  when: ({ attrs }: InputGradientProblem): boolean => hasPositions(attrs),
  // Half of a tile at least.
  prefer: ({ out: { dx } }: InputGradientProblem, device: DeviceTraits): boolean =>
    !device.software && dx[1] >= SIDE / 2,
  params(problem: InputGradientProblem) {
    const { dy, weight, mask, residual } = problem.in;
    const { dx } = problem.out;
    const { dilation } = problem.attrs;
    return {
      x_h: u32(dx[2]),
      x_w: u32(dx[3]),
      x_blocks: u32(blocksOf(dx[1])),
      y_h: u32(dy[2]),
      y_w: u32(dy[3]),
      y_blocks: u32(blocksOf(dy[1])),
      windows: u32(windowsOf(problem)),
      ...windowUniforms({ ...problem.attrs, kernel: [weight[2] as number, weight[3] as number] }),
      dilation_h: u32(pair(dilation)[0]),
      dilation_w: u32(pair(dilation)[1]),
      has_mask: u32(mask ? 1 : 0),
      has_residual: u32(residual ? 1 : 0),
    };
  },
  threads: (problem: InputGradientProblem) => [tilesOf(problem) * THREADS, 1, 1] as const,
};
