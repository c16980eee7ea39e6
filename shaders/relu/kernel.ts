/**
 * max(x, 0) on its own, for where no convolution is there to carry it in its store. NaN stays NaN.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.relu.html
 */
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { u32 } from "../../src/kernel/problem.js";
import { blocksOf } from "../../src/kernel/shape.js";
import { relu as shaders } from "../wgsl.generated.js";

/** Rectified linear unit. */
export const relu = defineKernel({
  name: "relu",
  shaders,
  inputs: { x: { role: "tensor", layout: "nhwc4" } },
  outputs: { y: { role: "tensor", layout: "nhwc4" } },
  attrs: {},

  shape: ({ x }) => ({ y: x }),
  params: ({ in: { x } }) => ({ blocks: u32(x[0] * x[2] * x[3] * blocksOf(x[1])) }),
  overrides: () => ({}),
  cost: ({ in: { x } }) => ({ flops: sizeOf(x), bytes: 8 * sizeOf(x) }),
  variants: {
    // One thread, four channels of a pixel.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ in: { x } }) => [x[0] * x[2] * x[3] * blocksOf(x[1]), 1, 1],
    },
  },
});
