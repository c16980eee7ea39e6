/**
 * The gradient of depthwise-conv2d with respect to its weight: for each channel and tap the sum of dy times the value
 * of x under the tap. It comes in `splits` parts, each the sum over as many rows of dy, for more threads to work at
 * once. Every sum is taken in a fixed order, so that every run gives the same bits.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html
 */
import { badShape } from "../../src/base/errors.js";
import { checkWholeNumbers } from "../../src/kernel/checks.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { pair, u32 } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import { blocksOf, convOutputSize, formatShape } from "../../src/kernel/shape.js";
import { dilatedWindowConstants, windowAlong } from "../../src/kernel/window.js";
import { depthwiseConv2dWeightGradient as shaders } from "../wgsl.generated.js";

const NAME = "depthwise-conv2d-weight-gradient";
/** Columns of a window that rows.wgsl holds. */
const MOST_WIDE = 7;

/** Gradient of a 2-D depthwise convolution with respect to its weight, in parts. */
export const depthwiseConv2dWeightGradient = defineKernel({
  name: NAME,
  shaders,
  inputs: {
    x: { role: "tensor", layout: "nhwc4" },
    dy: { role: "tensor", layout: "nhwc4" },
  },
  /** Part s is rows s * channels to (s + 1) * channels - 1. */
  outputs: { parts: { role: "tensor", layout: "nchw" } },
  attrs: {
    kernel: 3 as Pair,
    stride: 1 as Pair,
    padding: 0 as Pair,
    dilation: 1 as Pair,
    /** Parts that the rows of dy, of the whole batch, are split into. Where there are more parts, the last are zero. */
    splits: 1,
  },

  shape({ x, dy }, attrs) {
    const { kernel, stride, padding, dilation, splits } = attrs;
    const least = { kernel: 1, stride: 1, dilation: 1 };
    checkWholeNumbers(NAME, { kernel, stride, padding, dilation }, least);
    if (!Number.isInteger(splits) || splits < 1) {
      throw badShape(`${NAME}: splits ${splits} needs to be a positive whole number`);
    }
    const height = convOutputSize(x[2], windowAlong(0, attrs));
    const width = convOutputSize(x[3], windowAlong(1, attrs));
    const needed = [x[0], x[1], height, width];
    if (needed.some((size, axis) => size !== dy[axis])) {
      throw badShape(`${NAME}: dy ${formatShape(dy)} needs the shape ${formatShape(needed)} for x ${formatShape(x)}`);
    }
    return { parts: [splits * x[1], 1, ...pair(kernel)] };
  },
  params: ({ in: { x, dy }, attrs }) => ({
    in_h: u32(x[2]),
    in_w: u32(x[3]),
    out_h: u32(dy[2]),
    out_w: u32(dy[3]),
    rows: u32(dy[0] * dy[2]),
    channels: u32(x[1]),
    splits: u32(attrs.splits),
  }),
  overrides: ({ attrs }) => dilatedWindowConstants(attrs),
  cost: ({ in: { x, dy }, out: { parts }, attrs: { kernel } }) => ({
    flops: 2 * sizeOf(dy) * pair(kernel)[0] * pair(kernel)[1],
    bytes: 4 * (sizeOf(x) + sizeOf(dy) + sizeOf(parts)),
  }),
  variants: {
    // A tap of four channels of a part per thread. The one to read first, and the one for any window.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ in: { x }, attrs: { kernel, splits } }) => [
        splits * pair(kernel)[0] * pair(kernel)[1] * blocksOf(x[1]),
        1,
        1,
      ],
    },
    // A row of taps of four channels of a part per thread.
    rows: {
      wgsl: "rows",
      workgroup: [64, 1, 1],
      when: ({ attrs: { kernel, dilation } }) => pair(dilation)[1] === 1 && pair(kernel)[1] <= MOST_WIDE,
      threads: ({ in: { x }, attrs: { kernel, splits } }) => [splits * pair(kernel)[0] * blocksOf(x[1]), 1, 1],
    },
  },
});
