/**
 * The sums of a feature map over its pixels and its batch, one for each channel: the gradient of a bias. They come in
 * `splits` parts, each the sum of as many neighbouring pixels, for more threads to work at once. Every sum is taken in
 * a fixed order, so that every run gives the same bits.
 */
import { badShape } from "../../src/base/errors.js";
import { pixelsOf } from "../../src/kernel/feature-map.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { u32 } from "../../src/kernel/problem.js";
import { blocksOf, ceilDiv } from "../../src/kernel/shape.js";
import { channelSum as shaders } from "../wgsl.generated.js";

/** Blocks of channels and threads of a workgroup of tree.wgsl. */
const TREE = { blocks: 4, threads: 256 };

/** Sums over pixels and batch, in parts. */
export const channelSum = defineKernel({
  name: "channel-sum",
  shaders,
  inputs: { dy: { role: "tensor", layout: "nhwc4" } },
  /** The sums of part s are parts[s]. */
  outputs: { parts: { role: "tensor", layout: "nchw" } },
  attrs: {
    /** Parts that the pixels of the batch are split into. Where there are more parts than pixels, the last are zero. */
    splits: 1,
  },

  shape({ dy }, { splits }) {
    if (!Number.isInteger(splits) || splits < 1) {
      throw badShape(`channel-sum: splits ${splits} needs to be a positive whole number`);
    }
    return { parts: [splits, dy[1], 1, 1] };
  },
  params: ({ in: { dy }, attrs }) => ({
    pixels: u32(pixelsOf(dy)),
    channels: u32(dy[1]),
    splits: u32(attrs.splits),
  }),
  overrides: () => ({}),
  cost: ({ in: { dy }, out: { parts } }) => ({ flops: sizeOf(dy), bytes: 4 * (sizeOf(dy) + sizeOf(parts)) }),
  variants: {
    // Four channels of a part per thread.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ in: { dy }, attrs }) => [attrs.splits * blocksOf(dy[1]), 1, 1],
    },
    // 64 threads share each sum.
    tree: {
      wgsl: "tree",
      workgroup: [TREE.threads, 1, 1],
      prefer: (_, { software }) => !software,
      threads: ({ in: { dy }, attrs }) => [attrs.splits * ceilDiv(blocksOf(dy[1]), TREE.blocks) * TREE.threads, 1, 1],
    },
  },
});
