/**
 * The skip connection of the FCN paper in score space: y = x[:, :, :skip.h, :skip.w] + skip. The upsampled x may be larger
 * than the skip and is cropped at its top left corner; where both have one size this is a plain addition.
 * https://arxiv.org/abs/1605.06211
 */
import { badShape } from "../../src/base/errors.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { u32 } from "../../src/kernel/problem.js";
import { blocksOf, formatShape } from "../../src/kernel/shape.js";
import { add as shaders } from "../wgsl.generated.js";

/** Skip fusion: x, cropped at top left to the skip's size, plus the skip, with optional ReLU. */
export const add = defineKernel({
  name: "add",
  shaders,
  inputs: {
    x: { role: "tensor", layout: "nhwc4" },
    skip: { role: "tensor", layout: "nhwc4" },
  },
  outputs: { y: { role: "tensor", layout: "nhwc4" } },
  attrs: { relu: false as boolean },

  shape({ x, skip }) {
    if (x[0] !== skip[0])
      throw badShape(`add: skip ${formatShape(skip)} has batch ${skip[0]}, x ${formatShape(x)} needs ${x[0]}`);
    if (x[1] !== skip[1])
      throw badShape(`add: skip ${formatShape(skip)} has ${skip[1]} channels, x ${formatShape(x)} needs ${x[1]}`);
    if (x[2] < skip[2] || x[3] < skip[3]) {
      throw badShape(
        `add: x ${formatShape(x)} is cropped to the skip and needs at least ${skip[2]} x ${skip[3]} pixels, has ${x[2]} x ${x[3]}`,
      );
    }
    return { y: skip };
  },
  params: ({ in: { x }, out: { y } }) => ({
    in_h: u32(x[2]),
    in_w: u32(x[3]),
    out_h: u32(y[2]),
    out_w: u32(y[3]),
    pixels: u32(y[0] * y[2] * y[3]),
  }),
  overrides: ({ in: { x }, attrs }) => ({ CHANNELS: x[1], RELU: attrs.relu ? 1 : 0 }),
  cost: ({ out: { y } }) => ({ flops: sizeOf(y), bytes: 12 * sizeOf(y) }), // what is cropped away is not read
  variants: {
    // One thread, four channels of an output pixel.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ out: { y } }) => [y[0] * y[2] * y[3] * blocksOf(y[1]), 1, 1],
    },
  },
});
