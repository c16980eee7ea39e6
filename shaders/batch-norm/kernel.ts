/**
 * Batch normalisation at inference: y = (x - running_mean) / sqrt(running_var + eps) * weight + bias, per channel. Our networks
 * never run it (it is folded into the convolutions when a checkpoint is loaded); it is here for networks that cannot be folded.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html
 */
import { badShape } from "../../src/base/errors.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { u32 } from "../../src/kernel/problem.js";
import { blocksOf, elements, formatShape } from "../../src/kernel/shape.js";
import { batchNorm as shaders } from "../wgsl.generated.js";

/** The smallest eps that is not flushed to zero as a float32. */
const MIN_EPS = 2 ** -126;

/** Batch normalisation with running statistics (inference). */
export const batchNorm = defineKernel({
  name: "batch-norm",
  shaders,
  inputs: {
    x: { role: "tensor", layout: "nhwc4" },
    weight: { role: "weight" },
    bias: { role: "weight" },
    running_mean: { role: "weight" },
    running_var: { role: "weight" },
  },
  outputs: { y: { role: "tensor", layout: "nhwc4" } },
  attrs: { eps: 1e-5 },

  shape({ x, weight, bias, running_mean, running_var }, { eps }) {
    for (const [name, shape] of Object.entries({ weight, bias, running_mean, running_var })) {
      if (elements(shape) !== x[1]) {
        throw badShape(
          `batch-norm: ${name} ${formatShape(shape)} has ${elements(shape)} values, x ${formatShape(x)} needs ${x[1]}, one a channel`,
        );
      }
    }
    // With eps = 0 the padded lanes, whose variance is zero, would be 0 / 0.
    if (!(eps >= MIN_EPS)) throw badShape(`batch-norm: eps ${eps} needs to be positive (at least ${MIN_EPS})`);
    return { y: x };
  },
  params: ({ in: { x } }) => ({ blocks: u32(x[0] * x[2] * x[3] * blocksOf(x[1])) }),
  overrides: ({ in: { x }, attrs }) => ({ CHANNELS: x[1], EPS: attrs.eps }),
  cost: ({ in: { x } }) => ({ flops: 4 * sizeOf(x), bytes: 4 * (2 * sizeOf(x) + 4 * x[1]) }),
  variants: {
    // One thread, four channels of a pixel.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ in: { x } }) => [x[0] * x[2] * x[3] * blocksOf(x[1]), 1, 1],
    },
  },
});
