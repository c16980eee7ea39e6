/**
 * The gradient of conv-transpose2d at its weight: dweight[i][o][tap] = sum over the input pixels of x[i] * dy[o], where
 * dy is taken at the pixel of the cropped output that the tap reaches. The pixels are split, as in
 * conv2d-weight-gradient: part s sums over its share of them, and another kernel adds the parts in order.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose2d.html
 */
import { badShape } from "../../src/base/errors.js";
import { checkWholeNumbers } from "../../src/kernel/checks.js";
import { pixelsOf } from "../../src/kernel/feature-map.js";
import { checkSameBatch, checkTransposedGradient, pixelsPerSplit } from "../../src/kernel/gradients.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { pair, u32 } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import { alignUp, formatShape } from "../../src/kernel/shape.js";
import { windowConstants } from "../../src/kernel/window.js";
import { convTranspose2dWeightGradient as shaders } from "../wgsl.generated.js";
import { transposedWeightLanes } from "./lanes.js";
import { transposedWeightTiles } from "./tiled.js";

const NAME = "conv-transpose2d-weight-gradient";

/** Gradient of a transposed convolution's weight, in parts to be added. */
export const convTranspose2dWeightGradient = defineKernel({
  name: NAME,
  shaders,
  inputs: {
    x: { role: "tensor", layout: "nhwc4" },
    /** The gradient of the cropped output. */
    dy: { role: "tensor", layout: "nhwc4" },
  },
  /** [splits * in, out/groups, kh, kw]: one weight after the other. */
  outputs: { parts: { role: "tensor", layout: "nchw" } },
  attrs: {
    kernel: 1 as Pair,
    stride: 1 as Pair,
    padding: 0 as Pair,
    groups: 1,
    crop_offset: 0 as Pair,
    splits: 1,
  },

  shape({ x, dy }, attrs) {
    const { kernel, groups, splits } = attrs;
    checkWholeNumbers(NAME, { kernel, groups, splits }, { kernel: 1, groups: 1, splits: 1 });
    if (x[1] % groups !== 0 || dy[1] % groups !== 0) {
      const channels = `the channels of x ${formatShape(x)} and of dy ${formatShape(dy)}`;
      throw badShape(`${NAME}: groups ${groups} must divide ${channels}`);
    }
    checkSameBatch(NAME, x, dy);
    checkTransposedGradient(NAME, x, dy, attrs);
    return { parts: [splits * x[1], dy[1] / groups, pair(kernel)[0], pair(kernel)[1]] };
  },
  params: ({ in: { x, dy }, out: { parts }, attrs }) => ({
    x_h: u32(x[2]),
    x_w: u32(x[3]),
    y_h: u32(dy[2]),
    y_w: u32(dy[3]),
    pixels: u32(pixelsOf(x)),
    per_split: u32(pixelsPerSplit(x, attrs.splits)),
    values: u32(sizeOf(parts)),
    crop_top: u32(pair(attrs.crop_offset)[0]),
    crop_left: u32(pair(attrs.crop_offset)[1]),
  }),
  overrides: ({ in: { x, dy }, attrs }) => ({
    IN_C: x[1],
    OUT_C: dy[1],
    ...windowConstants(attrs),
    GROUPS: attrs.groups,
  }),
  cost: ({ in: { x, dy }, out: { parts }, attrs }) => ({
    flops: 2 * pixelsOf(x) * (sizeOf(parts) / attrs.splits),
    bytes: 4 * (sizeOf(x) + sizeOf(dy) + sizeOf(parts)),
  }),
  variants: {
    // One thread per value of a part; walks over the input pixels. The one to read first. Serves groups.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ out: { parts } }) => [alignUp(sizeOf(parts), 4), 1, 1],
    },
    // One matrix product for each split, in tiles of workgroup memory. Made for GPUs.
    ...transposedWeightTiles,
    // Columns of the product on the lanes of a subgroup, operands in textures. Win on software adapters.
    ...transposedWeightLanes,
  },
});
