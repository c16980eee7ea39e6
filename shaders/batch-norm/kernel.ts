/**
 * Batch normalisation at inference: y = (x - running_mean) / sqrt(running_var + eps) * weight + bias, per channel. The
 * networks of this library never run it: it is folded into their convolutions when a checkpoint is loaded. It serves
 * networks where it cannot be folded.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html
 */
import { badShape } from "../../src/base/errors.js";
import { threadPerVec4, vec4sOf } from "../../src/kernel/feature-map.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { u32 } from "../../src/kernel/problem.js";
import { elements, formatShape } from "../../src/kernel/shape.js";
import type { Nchw, Shape } from "../../src/kernel/shape.js";
import { batchNorm as shaders } from "../wgsl.generated.js";

/** The smallest eps that is not flushed to zero as a float32. */
const MIN_EPS = 2 ** -126;

function checkPerChannel(name: string, shape: Shape, x: Nchw): void {
  const count = elements(shape);
  if (count === x[1]) return;
  const needed = `x ${formatShape(x)} needs ${x[1]}, one per channel`;
  throw badShape(`batch-norm: ${name} ${formatShape(shape)} has ${count} values, ${needed}`);
}

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
    checkPerChannel("weight", weight, x);
    checkPerChannel("bias", bias, x);
    checkPerChannel("running_mean", running_mean, x);
    checkPerChannel("running_var", running_var, x);
    // With eps = 0 the padded lanes, whose variance is zero, would be 0 / 0.
    if (!(eps >= MIN_EPS)) throw badShape(`batch-norm: eps ${eps} needs to be positive (at least ${MIN_EPS})`);
    return { y: x };
  },
  params: ({ in: { x } }) => ({ blocks: u32(vec4sOf(x)) }),
  overrides: ({ in: { x }, attrs }) => ({ CHANNELS: x[1], EPS: attrs.eps }),
  cost: ({ in: { x } }) => ({ flops: 4 * sizeOf(x), bytes: 4 * (2 * sizeOf(x) + 4 * x[1]) }),
  variants: {
    // Four channels of a pixel per thread.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ in: { x } }) => threadPerVec4(x),
    },
  },
});
