/**
 * The gradient of depthwise-conv2d with respect to its input: dy convolved back, each channel with its own window. No
 * zeros are inserted for a stride: a pixel asks only the outputs whose windows cover it.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html
 */
import { badShape } from "../../src/base/errors.js";
import { checkInputChannels, checkOutputSize, weightSizes } from "../../src/kernel/checks.js";
import { threadPerVec4 } from "../../src/kernel/feature-map.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { channelBlocks } from "../../src/kernel/packings.js";
import { pair, u32 } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import { blocksOf, ceilDiv, convOutputSize, elements, formatShape } from "../../src/kernel/shape.js";
import type { Nchw, Shape } from "../../src/kernel/shape.js";
import { dilatedWindowConstants, isUndilated, windowAlong, windowConstants } from "../../src/kernel/window.js";
import { depthwiseConv2dInputGradient as shaders } from "../wgsl.generated.js";

const NAME = "depthwise-conv2d-input-gradient";

interface GradientProblem {
  readonly in: { readonly dy: Nchw; readonly weight: Shape };
  readonly out: { readonly dx: Nchw };
  readonly attrs: {
    readonly stride: Pair;
    readonly padding: Pair;
    readonly dilation: Pair;
    readonly height: number;
    readonly width: number;
  };
}

const windowOf = ({ in: { weight }, attrs }: GradientProblem) =>
  ({ ...attrs, kernel: [weight[2] as number, weight[3] as number] }) as const;

const sizeParams = ({ in: { dy }, out: { dx } }: GradientProblem) => ({
  out_h: u32(dy[2]),
  out_w: u32(dy[3]),
  height: u32(dx[2]),
  width: u32(dx[3]),
  images: u32(dx[0]),
  blocks: u32(blocksOf(dx[1])),
});

/** Rows and columns of a thread of tiles.wgsl. */
const TILE = { rows: 2, columns: 4 };
const FAST_KERNELS = [3, 5];

/** Tiles along an axis: they begin with the first pixel of the padding. */
const tilesDown = ({ out: { dx }, attrs }: GradientProblem): number =>
  ceilDiv(dx[2] + (pair(attrs.padding)[0] % TILE.rows), TILE.rows);
const tilesAcross = ({ out: { dx }, attrs }: GradientProblem): number =>
  ceilDiv(dx[3] + (pair(attrs.padding)[1] % TILE.columns), TILE.columns);

/** Whether tiles.wgsl was written for the window. */
function suitsTiles({ in: { weight }, attrs }: GradientProblem): boolean {
  const [, , kernelH = 0, kernelW = 0] = weight;
  const [strideH, strideW] = pair(attrs.stride);
  const isSquare = kernelH === kernelW && strideH === strideW;
  return isSquare && FAST_KERNELS.includes(kernelH) && strideH <= 2 && isUndilated(attrs.dilation);
}

/** Gradient of a 2-D depthwise convolution with respect to its input. */
export const depthwiseConv2dInputGradient = defineKernel({
  name: NAME,
  shaders,
  inputs: {
    dy: { role: "tensor", layout: "nhwc4" },
    weight: { role: "weight" },
  },
  outputs: { dx: { role: "tensor", layout: "nhwc4" } },
  attrs: {
    stride: 1 as Pair,
    padding: 0 as Pair,
    dilation: 1 as Pair,
    /** Rows of the convolution's input. */
    height: 0,
    /** Its columns. */
    width: 0,
  },

  shape({ dy, weight }, attrs) {
    const [channels, ofEach, kernelH, kernelW] = weightSizes(NAME, weight, "[channels, 1, kh, kw]");
    if (ofEach !== 1) {
      const got = `weight ${formatShape(weight)} has ${ofEach} input channels for each output`;
      throw badShape(`${NAME}: ${got}, it needs 1: use conv2d`);
    }
    checkInputChannels(NAME, weight, channels, dy);
    checkOutputSize(NAME, attrs.height, attrs.width);
    const window = { ...attrs, kernel: [kernelH, kernelW] } as const;
    const height = convOutputSize(attrs.height, windowAlong(0, window));
    const width = convOutputSize(attrs.width, windowAlong(1, window));
    if (dy[2] !== height || dy[3] !== width) {
      const needed = `needs ${height} x ${width} pixels for an input of ${attrs.height} x ${attrs.width}`;
      throw badShape(`${NAME}: dy ${formatShape(dy)} ${needed}`);
    }
    return { dx: [dy[0], channels, attrs.height, attrs.width] };
  },
  params: sizeParams,
  overrides: (problem) => dilatedWindowConstants(windowOf(problem)),
  cost: ({ in: { dy, weight }, out: { dx } }) => ({
    flops: 2 * sizeOf(dy) * (elements(weight) / (weight[0] as number)),
    bytes: 4 * (sizeOf(dy) + elements(weight) + sizeOf(dx)),
  }),
  variants: {
    // Four channels of a pixel per thread. The one to read first, and the one for any window.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      packing: { weight: channelBlocks() },
      threads: ({ out: { dx } }) => threadPerVec4(dx),
    },
    // Four channels of 2 x 4 pixels per thread.
    tiles: {
      wgsl: "tiles",
      workgroup: [64, 1, 1],
      packing: { weight: channelBlocks() },
      when: suitsTiles,
      overrides: (problem) => {
        const { KERNEL_H, STRIDE_H, PAD_H, PAD_W } = windowConstants(windowOf(problem));
        return { KERNEL: KERNEL_H, STRIDE: STRIDE_H, PAD_H, PAD_W };
      },
      params: (problem) => ({
        ...sizeParams(problem),
        tiles_h: u32(tilesDown(problem)),
        tiles_w: u32(tilesAcross(problem)),
      }),
      threads: (problem) => [
        problem.out.dx[0] * tilesDown(problem) * tilesAcross(problem) * blocksOf(problem.out.dx[1]),
        1,
        1,
      ],
    },
  },
});
