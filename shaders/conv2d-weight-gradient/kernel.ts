/**
 * The gradient of conv2d at its weight: dweight[o][i][tap] = sum over the output pixels of dy[o] * x[i], where x is
 * taken at the pixel that the tap reads. It is a matrix product with a long inner dimension, the pixels, so they are
 * split: part s sums over its share of them, and another kernel adds the parts in order. The same inputs therefore
 * always give the same bits.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html
 */
import { checkWholeNumbers } from "../../src/kernel/checks.js";
import { checkConvGradient, checkSameBatch, pixelsPerSplit } from "../../src/kernel/gradients.js";
import { pixelsOf } from "../../src/kernel/feature-map.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { pair, u32 } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import { alignUp } from "../../src/kernel/shape.js";
import { dilatedWindowConstants } from "../../src/kernel/window.js";
import { conv2dWeightGradient as shaders } from "../wgsl.generated.js";
import { weightGradientLanes } from "./lanes.js";
import { weightGradientTiles } from "./tiled.js";

/** Gradient of a convolution's weight, in parts to be added. */
export const conv2dWeightGradient = defineKernel({
  name: "conv2d-weight-gradient",
  shaders,
  inputs: {
    x: { role: "tensor", layout: "nhwc4" },
    dy: { role: "tensor", layout: "nhwc4" },
  },
  /** [splits * out, in, kh, kw]: one weight after the other. */
  outputs: { parts: { role: "tensor", layout: "nchw" } },
  attrs: {
    kernel: 1 as Pair,
    stride: 1 as Pair,
    padding: 0 as Pair,
    dilation: 1 as Pair,
    splits: 1,
  },

  shape({ x, dy }, attrs) {
    const { kernel, splits } = attrs;
    checkWholeNumbers("conv2d-weight-gradient", { kernel, splits }, { kernel: 1, splits: 1 });
    checkSameBatch("conv2d-weight-gradient", x, dy);
    checkConvGradient("conv2d-weight-gradient", x, dy, attrs);
    return { parts: [splits * dy[1], x[1], pair(kernel)[0], pair(kernel)[1]] };
  },
  params: ({ in: { x, dy }, out: { parts }, attrs }) => ({
    x_h: u32(x[2]),
    x_w: u32(x[3]),
    y_h: u32(dy[2]),
    y_w: u32(dy[3]),
    pixels: u32(pixelsOf(dy)),
    per_split: u32(pixelsPerSplit(dy, attrs.splits)),
    values: u32(sizeOf(parts)),
  }),
  overrides: ({ in: { x, dy }, attrs }) => ({
    IN_C: x[1],
    OUT_C: dy[1],
    ...dilatedWindowConstants(attrs),
  }),
  cost: ({ in: { x, dy }, out: { parts }, attrs }) => ({
    flops: 2 * pixelsOf(dy) * (sizeOf(parts) / attrs.splits),
    bytes: 4 * (sizeOf(x) + sizeOf(dy) + sizeOf(parts)),
  }),
  variants: {
    // One thread per value of a part; walks over the pixels. The one to read first.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ out: { parts } }) => [alignUp(sizeOf(parts), 4), 1, 1],
    },
    // One matrix product for each split, in tiles of workgroup memory. Made for GPUs.
    ...weightGradientTiles,
    // Columns of the product on the lanes of a subgroup, operands in textures. Win on software adapters.
    ...weightGradientLanes,
  },
});
