/** A depthwise convolution as its variants see it, and the tiles of output pixels that a thread computes. */
import { pair, u32 } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import { ceilDiv } from "../../src/kernel/shape.js";
import type { Nchw, Shape } from "../../src/kernel/shape.js";
import type { Axis } from "../../src/kernel/window.js";

export interface DepthwiseProblem {
  readonly in: { readonly x: Nchw; readonly weight: Shape; readonly bias: Shape | undefined };
  readonly out: { readonly y: Nchw };
  readonly attrs: {
    readonly stride: Pair;
    readonly padding: Pair;
    readonly dilation: Pair;
    readonly relu: boolean;
    readonly relu6: boolean;
  };
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

/**
 * The outputs of a thread along one axis. A thread gains by windows that share inputs. With a dilation, neighbouring
 * outputs may share none. Outputs `step` apart do: their windows lie whole multiples of the dilation apart.
 */
interface Steps {
  /** From one output of a thread to its next. */
  readonly step: number;
  /** From one window of a thread to its next, in dilations. Windows of three taps overlap where it is 1 or 2. */
  readonly advance: number;
}

function stepsOf({ attrs }: DepthwiseProblem, axis: Axis): Steps {
  const stride = pair(attrs.stride)[axis];
  const dilation = pair(attrs.dilation)[axis];
  const shared = commonDivisor(stride, dilation);
  return { step: dilation / shared, advance: stride / shared };
}

/** Outputs along an axis that lie one step apart from each other, from the first on. */
export const chainLength = (problem: DepthwiseProblem, axis: Axis): number =>
  ceilDiv(problem.out.y[2 + axis] as number, stepsOf(problem, axis).step);

/** Tiles along an axis, of so many outputs each. */
export const tilesAlong = (problem: DepthwiseProblem, axis: Axis, outputs: number): number =>
  stepsOf(problem, axis).step * ceilDiv(chainLength(problem, axis), outputs);

const FAST_KERNELS = [3, 5];
const MOST_ADVANCE = 2;

/** Whether the problem is one that the variants with tiles were written for. */
export function suitsTiles(problem: DepthwiseProblem): boolean {
  const [, , kernelH = 0, kernelW = 0] = problem.in.weight;
  const overlaps = ([0, 1] as const).every((axis) => stepsOf(problem, axis).advance <= MOST_ADVANCE);
  return kernelH === kernelW && FAST_KERNELS.includes(kernelH) && overlaps;
}

/** Pipeline constants of the epilogue. */
export const epilogueOverrides = ({ in: { bias }, attrs: { relu, relu6 } }: DepthwiseProblem) => ({
  HAS_BIAS: bias ? 1 : 0,
  RELU: relu || relu6 ? 1 : 0,
  RELU6: relu6 ? 1 : 0,
});

/** Pipeline constants of the variants with tiles. */
export const tileOverrides = (problem: DepthwiseProblem) => ({
  KERNEL: problem.in.weight[2] as number,
  ADVANCE_H: stepsOf(problem, 0).advance,
  ADVANCE_W: stepsOf(problem, 1).advance,
  ...epilogueOverrides(problem),
});

/** The last uniforms of the variants with tiles. */
export const windowParams = (problem: DepthwiseProblem) => {
  const { stride, padding, dilation } = problem.attrs;
  return {
    stride_h: u32(pair(stride)[0]),
    stride_w: u32(pair(stride)[1]),
    pad_h: u32(pair(padding)[0]),
    pad_w: u32(pair(padding)[1]),
    dilation_h: u32(pair(dilation)[0]),
    dilation_w: u32(pair(dilation)[1]),
    step_h: u32(stepsOf(problem, 0).step),
    step_w: u32(stepsOf(problem, 1).step),
  };
};

/** Uniforms of `lanes`: the distance of windows, which is a pipeline constant of the variants for GPUs. */
export const advanceParams = (problem: DepthwiseProblem) => ({
  advance_h: u32(stepsOf(problem, 0).advance),
  advance_w: u32(stepsOf(problem, 1).advance),
});
