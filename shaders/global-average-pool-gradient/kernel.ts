/**
 * The gradient of global-average-pool: every pixel of a plane of height x width gets an equal share of its mean's
 * gradient, dy / (height * width).
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool2d.html
 */
import { badShape } from "../../src/base/errors.js";
import { checkOutputSize } from "../../src/kernel/checks.js";
import { threadPerVec4 } from "../../src/kernel/feature-map.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { u32 } from "../../src/kernel/problem.js";
import { blocksOf, formatShape } from "../../src/kernel/shape.js";
import { globalAveragePoolGradient as shaders } from "../wgsl.generated.js";

/** Gradient of the mean of each plane. */
export const globalAveragePoolGradient = defineKernel({
  name: "global-average-pool-gradient",
  shaders,
  inputs: { dy: { role: "tensor", layout: "nhwc4" } },
  outputs: { dx: { role: "tensor", layout: "nhwc4" } },
  attrs: {
    /** Rows of the input that was averaged. */
    height: 0,
    /** Its columns. */
    width: 0,
  },

  shape({ dy }, { height, width }) {
    if (dy[2] !== 1 || dy[3] !== 1) {
      throw badShape(`global-average-pool-gradient: dy ${formatShape(dy)} needs 1 x 1 pixels`);
    }
    checkOutputSize("global-average-pool-gradient", height, width);
    return { dx: [dy[0], dy[1], height, width] };
  },
  params: ({ in: { dy }, attrs: { height, width } }) => ({
    images: u32(dy[0]),
    pixels: u32(height * width),
    blocks: u32(blocksOf(dy[1])),
  }),
  overrides: () => ({}),
  cost: ({ in: { dy }, out: { dx } }) => ({ flops: sizeOf(dy), bytes: 4 * (sizeOf(dy) + sizeOf(dx)) }),
  variants: {
    // Four channels of a pixel per thread.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ out: { dx } }) => threadPerVec4(dx),
    },
  },
});
