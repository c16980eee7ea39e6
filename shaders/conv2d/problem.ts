/** A convolution as the variants see it, and its sizes as a matrix product. */
import type { Nchw } from "../../src/kernel/layout.js";
import { pair, u32 } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import { blocksOf } from "../../src/kernel/shape.js";
import type { Shape } from "../../src/kernel/shape.js";

export interface ConvProblem {
  readonly in: {
    readonly x: Nchw;
    readonly weight: Shape;
    readonly bias: Shape | undefined;
    readonly residual: Nchw | undefined;
  };
  readonly out: { readonly y: Nchw };
  readonly attrs: {
    readonly stride: Pair;
    readonly padding: Pair;
    readonly dilation: Pair;
    readonly groups: number;
    readonly relu: boolean;
  };
}

/** Pixels x (taps * input channels, padded to 4) x output channels. */
export function matrixSizes({ in: { x, weight }, out: { y } }: ConvProblem): {
  readonly m: number;
  readonly n: number;
  readonly k: number;
} {
  return { m: y[0] * y[2] * y[3], n: y[1], k: (weight[2] as number) * (weight[3] as number) * blocksOf(x[1]) * 4 };
}

/** 1x1 with stride 1 and no padding: a matrix product as it stands. */
export function isPointwise({ in: { weight }, attrs }: ConvProblem): boolean {
  return (
    weight[2] === 1 &&
    weight[3] === 1 &&
    [...pair(attrs.stride), ...pair(attrs.padding).map((p) => p + 1)].every((v) => v === 1)
  );
}

/** Uniforms of the variants that take every size as one, so that layers share pipelines. */
export const sizeParams = ({ in: { x, weight, bias, residual }, out: { y }, attrs }: ConvProblem) => ({
  in_h: u32(x[2]),
  in_w: u32(x[3]),
  in_blocks: u32(blocksOf(x[1])),
  out_h: u32(y[2]),
  out_w: u32(y[3]),
  out_blocks: u32(blocksOf(y[1])),
  pixels: u32(y[0] * y[2] * y[3]),
  kernel_h: u32(weight[2] as number),
  kernel_w: u32(weight[3] as number),
  stride_h: u32(pair(attrs.stride)[0]),
  stride_w: u32(pair(attrs.stride)[1]),
  pad_h: u32(pair(attrs.padding)[0]),
  pad_w: u32(pair(attrs.padding)[1]),
  dilation_h: u32(pair(attrs.dilation)[0]),
  dilation_w: u32(pair(attrs.dilation)[1]),
  has_bias: u32(bias ? 1 : 0),
  has_residual: u32(residual ? 1 : 0),
  relu: u32(attrs.relu ? 1 : 0),
});
