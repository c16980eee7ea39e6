/**
 * A convolution as subgroup-matrix.wgsl sees it: runs of output pixels whose windows lie at a constant distance in x.
 * With stride 1 a run is a whole picture, counted along the rows of x; a 1x1 convolution of a map without a border is
 * one run for the batch. With other strides a run is a row of the output.
 */
import { grown } from "../../src/kernel/border.js";
import { pair, u32 } from "../../src/kernel/problem.js";
import { blocksOf, ceilDiv } from "../../src/kernel/shape.js";
import { activationOf, borderWidth, isPointwise } from "./problem.js";
import type { ConvProblem } from "./problem.js";

/** Rows and columns of a matrix. */
export const SIDE = 16;

interface Runs {
  readonly runs: number;
  /** Output rows of a run. */
  readonly rows: number;
  /** Pixels of a run from one output row to the next. */
  readonly pitch: number;
  /** Output pixels of a run, with those between the rows. */
  readonly pixels: number;
}

/** The width that x has in memory, with the border that its windows need if it has none yet. */
function widthInMemory(problem: ConvProblem): number {
  const border = Math.max(borderWidth(problem, "x"), ...pair(problem.attrs.padding));
  return grown(problem.in.x, border)[3];
}

function runsOf(problem: ConvProblem): Runs {
  const [images, , outH, outW] = problem.out.y;
  const isDense = pair(problem.attrs.stride).every((stride) => stride === 1);
  if (!isDense) return { runs: images * outH, rows: 1, pitch: outW, pixels: outW };
  if (isPointwise(problem)) return { runs: 1, rows: images * outH, pitch: outW, pixels: images * outH * outW };
  const pitch = widthInMemory(problem);
  return { runs: images, rows: outH, pitch, pixels: (outH - 1) * pitch + outW };
}

/** Matrices along the output pixels. */
export function pixelMatrices(problem: ConvProblem): number {
  const { runs, pixels } = runsOf(problem);
  return runs * ceilDiv(pixels, SIDE);
}

/**
 * Whether x can be loaded as matrices: whole ones along the input channels, and along the pixels of a run. One picture
 * must have enough pixels, because x may get a border after the variant is chosen. Then a run is one picture, and no
 * longer the whole batch.
 */
export function hasRuns(problem: ConvProblem): boolean {
  const { pixels } = runsOf(problem);
  const [, , outH, outW] = problem.out.y;
  return (blocksOf(problem.in.x[1]) * 4) % SIDE === 0 && Math.min(pixels, outH * outW) >= SIDE;
}

/** Uniforms of subgroup-matrix.wgsl. */
export function runParams(problem: ConvProblem) {
  const {
    in: { x, weight, bias, residual },
    out: { y },
    attrs: { stride, padding, dilation },
  } = problem;
  const { runs, rows, pitch, pixels } = runsOf(problem);
  const border = borderWidth(problem, "x");
  const [, , inH, inW] = grown(x, border);
  const [padH, padW] = pair(padding);
  const [dilationH, dilationW] = pair(dilation);
  const runMatrices = ceilDiv(pixels, SIDE);
  return {
    matrices: u32(runs * runMatrices),
    run_matrices: u32(runMatrices),
    run_pixels: u32(pixels),
    run_rows: u32(rows),
    run_pitch: u32(pitch),
    step: u32(pair(stride)[1]),
    row_step: u32(pair(stride)[0]),
    in_h: u32(inH),
    in_w: u32(inW),
    in_blocks: u32(blocksOf(x[1])),
    inset: u32((border - padH) * inW + border - padW),
    out_h: u32(y[2]),
    out_w: u32(y[3]),
    out_blocks: u32(blocksOf(y[1])),
    kernel_w: u32(weight[3] as number),
    taps: u32((weight[2] as number) * (weight[3] as number)),
    tap_right: u32(dilationW),
    tap_down: u32(dilationH * inW),
    has_bias: u32(bias ? 1 : 0),
    has_residual: u32(residual ? 1 : 0),
    relu: u32(activationOf(problem.attrs)),
    residual_border: u32(borderWidth(problem, "residual")),
    y_border: u32(borderWidth(problem, "y")),
  };
}
