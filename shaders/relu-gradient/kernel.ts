/**
 * The gradient of ReLU and of ReLU6, from the stored output y: dy where 0 < y (and y < 6 for ReLU6), else 0. At the
 * bounds it is 0 and at NaN it is dy, as in PyTorch.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.relu6.html
 */
import { badShape } from "../../src/base/errors.js";
import { sameShape } from "../../src/kernel/checks.js";
import { threadPerVec4, vec4sOf } from "../../src/kernel/feature-map.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { u32 } from "../../src/kernel/problem.js";
import { formatShape } from "../../src/kernel/shape.js";
import { reluGradient as shaders } from "../wgsl.generated.js";

/** Gradient of ReLU or ReLU6. */
export const reluGradient = defineKernel({
  name: "relu-gradient",
  shaders,
  inputs: {
    y: { role: "tensor", layout: "nhwc4" },
    dy: { role: "tensor", layout: "nhwc4" },
  },
  outputs: { dx: { role: "tensor", layout: "nhwc4" } },
  attrs: { relu6: false as boolean },

  shape({ y, dy }) {
    if (!sameShape(y, dy)) {
      throw badShape(`relu-gradient: dy ${formatShape(dy)} needs the shape of y ${formatShape(y)}`);
    }
    return { dx: y };
  },
  params: ({ in: { y } }) => ({ blocks: u32(vec4sOf(y)) }),
  overrides: ({ attrs }) => ({ RELU6: attrs.relu6 ? 1 : 0 }),
  cost: ({ in: { y } }) => ({ flops: sizeOf(y), bytes: 12 * sizeOf(y) }),
  variants: {
    // Four channels of a pixel per thread.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ in: { y } }) => threadPerVec4(y),
    },
  },
});
