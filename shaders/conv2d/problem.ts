/** A convolution as its variants see it, its sizes as a matrix product, and the uniforms that carry its sizes. */
import type { Borders } from "../../src/kernel/border.js";
import { pixelsOf } from "../../src/kernel/feature-map.js";
import { pair, u32 } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import { blocksOf } from "../../src/kernel/shape.js";
import type { Nchw, Shape } from "../../src/kernel/shape.js";

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
    readonly relu6: boolean;
  };
  readonly borders?: Borders;
}

/** The convolution as a product of an m x k and a k x n matrix. */
export interface MatrixSizes {
  /** Output pixels of the batch. */
  readonly m: number;
  /** Output channels. */
  readonly n: number;
  /** Taps of the window times input channels, which are padded to 4. */
  readonly k: number;
}

export function matrixSizes({ in: { x, weight }, out: { y } }: ConvProblem): MatrixSizes {
  const taps = (weight[2] as number) * (weight[3] as number);
  return { m: pixelsOf(y), n: y[1], k: taps * blocksOf(x[1]) * 4 };
}

/** Width of the border that x, residual or y has in memory. */
export const borderWidth = ({ borders = {} }: ConvProblem, key: "x" | "residual" | "y"): number => borders[key] ?? 0;

/** Whether the kernel is 1x1 with stride 1 and no padding. */
function isOneByOne({ in: { weight }, attrs }: ConvProblem): boolean {
  const both = (value: Pair, wanted: number): boolean => pair(value).every((size) => size === wanted);
  return weight[2] === 1 && weight[3] === 1 && both(attrs.stride, 1) && both(attrs.padding, 0);
}

/** Whether the convolution is a matrix product as it lies in memory: 1x1, of a map without a border. */
export const isPointwise = (problem: ConvProblem): boolean => isOneByOne(problem) && borderWidth(problem, "x") === 0;

/** Whether no window reaches beyond the map and its border, so that no tap needs a test. */
export const hasWindowsInside = (problem: ConvProblem): boolean =>
  borderWidth(problem, "x") >= Math.max(...pair(problem.attrs.padding));

/** The activation as a number: 0 for none, 1 for ReLU, 2 for ReLU6. */
export const activationOf = ({ relu, relu6 }: ConvProblem["attrs"]): number => (relu6 ? 2 : Number(relu));

/** Uniforms of the variants that read every size as one. Layers then share pipelines. */
export const sizeParams = ({ in: { x, weight, bias, residual }, out: { y }, attrs }: ConvProblem) => ({
  in_h: u32(x[2]),
  in_w: u32(x[3]),
  in_blocks: u32(blocksOf(x[1])),
  out_h: u32(y[2]),
  out_w: u32(y[3]),
  out_blocks: u32(blocksOf(y[1])),
  pixels: u32(pixelsOf(y)),
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
  relu: u32(activationOf(attrs)),
});

/** The same, and the borders that tensors have in memory. */
export const borderedSizeParams = (problem: ConvProblem) => ({
  ...sizeParams(problem),
  x_border: u32(borderWidth(problem, "x")),
  residual_border: u32(borderWidth(problem, "residual")),
  y_border: u32(borderWidth(problem, "y")),
});
