/**
 * The skip connection of the FCN paper in score space: y = x[:, :, :skip.h, :skip.w] + skip. The upsampled x may be
 * larger than the skip and is cropped at its top left corner. Where both have one size this is a plain addition.
 * https://arxiv.org/abs/1605.06211
 */
import { badShape } from "../../src/base/errors.js";
import { mapParams, threadPerVec4 } from "../../src/kernel/feature-map.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { formatShape } from "../../src/kernel/shape.js";
import type { Nchw } from "../../src/kernel/shape.js";
import { add as shaders } from "../wgsl.generated.js";

function checkSameChannels(x: Nchw, skip: Nchw): void {
  if (x[0] !== skip[0]) {
    throw badShape(`add: skip ${formatShape(skip)} has batch ${skip[0]}, x ${formatShape(x)} needs ${x[0]}`);
  }
  if (x[1] !== skip[1]) {
    throw badShape(`add: skip ${formatShape(skip)} has ${skip[1]} channels, x ${formatShape(x)} needs ${x[1]}`);
  }
}

function checkCrop(x: Nchw, skip: Nchw): void {
  if (x[2] >= skip[2] && x[3] >= skip[3]) return;
  const needed = `at least ${skip[2]} x ${skip[3]} pixels`;
  throw badShape(`add: x ${formatShape(x)} is cropped to the skip and needs ${needed}, has ${x[2]} x ${x[3]}`);
}

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
    checkSameChannels(x, skip);
    checkCrop(x, skip);
    return { y: skip };
  },
  params: ({ in: { x }, out: { y } }) => mapParams(x, y),
  overrides: ({ in: { x }, attrs }) => ({ CHANNELS: x[1], RELU: attrs.relu ? 1 : 0 }),
  // Two reads and a write of the output's size: what is cropped away is not read.
  cost: ({ out: { y } }) => ({ flops: sizeOf(y), bytes: 4 * (3 * sizeOf(y)) }),
  variants: {
    // Four channels of an output pixel per thread.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ out: { y } }) => threadPerVec4(y),
    },
  },
});
