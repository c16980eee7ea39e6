/**
 * max(x, 0) on its own, for where no convolution can apply it in its store. NaN stays NaN.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.relu.html
 */
import { threadPerVec4, vec4sOf } from "../../src/kernel/feature-map.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { u32 } from "../../src/kernel/problem.js";
import { relu as shaders } from "../wgsl.generated.js";

/** Rectified linear unit: max(x, 0). */
export const relu = defineKernel({
  name: "relu",
  shaders,
  inputs: { x: { role: "tensor", layout: "nhwc4" } },
  outputs: { y: { role: "tensor", layout: "nhwc4" } },
  attrs: {},

  shape: ({ x }) => ({ y: x }),
  params: ({ in: { x } }) => ({ blocks: u32(vec4sOf(x)) }),
  overrides: () => ({}),
  cost: ({ in: { x } }) => ({ flops: sizeOf(x), bytes: 8 * sizeOf(x) }),
  variants: {
    // Four channels of a pixel per thread.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ in: { x } }) => threadPerVec4(x),
    },
  },
});
