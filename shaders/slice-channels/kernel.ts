/**
 * Some of a feature map's channels: x[:, first : first + count]. It is the gradient of concat for each of its inputs.
 * https://docs.pytorch.org/docs/stable/generated/torch.narrow.html
 */
import { badShape } from "../../src/base/errors.js";
import { pixelsOf, threadPerVec4 } from "../../src/kernel/feature-map.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { u32 } from "../../src/kernel/problem.js";
import { formatShape } from "../../src/kernel/shape.js";
import { sliceChannels as shaders } from "../wgsl.generated.js";

/** Channels `first` to `first + count - 1` of a feature map. */
export const sliceChannels = defineKernel({
  name: "slice-channels",
  shaders,
  inputs: { x: { role: "tensor", layout: "nhwc4" } },
  outputs: { y: { role: "tensor", layout: "nhwc4" } },
  attrs: { first: 0, count: 1 },

  shape({ x }, { first, count }) {
    const isRange = Number.isInteger(first) && Number.isInteger(count) && first >= 0 && count >= 1;
    if (!isRange || first + count > x[1]) {
      const got = `first ${first} and count ${count} are no channels of x ${formatShape(x)}`;
      throw badShape(`slice-channels: ${got}, which has channels 0 to ${x[1] - 1}`);
    }
    return { y: [x[0], count, x[2], x[3]] };
  },
  params: ({ out: { y } }) => ({ pixels: u32(pixelsOf(y)) }),
  overrides: ({ in: { x }, attrs: { first, count } }) => ({ CHANNELS: x[1], FIRST: first, COUNT: count }),
  cost: ({ out: { y } }) => ({ flops: 0, bytes: 8 * sizeOf(y) }),
  variants: {
    // Four channels of a pixel per thread, each looked up. The one to read first, and the one for any first channel.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ out: { y } }) => threadPerVec4(y),
    },
    // One load for four channels.
    blocks: {
      wgsl: "blocks",
      workgroup: [64, 1, 1],
      when: ({ attrs }) => attrs.first % 4 === 0,
      threads: ({ out: { y } }) => threadPerVec4(y),
    },
  },
});
