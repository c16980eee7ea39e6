/**
 * A step of AdamW, as torch.optim.AdamW: weight decay is decoupled from the gradient.
 *
 *   mean = beta1 * mean + (1 - beta1) * gradient
 *   square = beta2 * square + (1 - beta2) * gradient^2
 *   weight = weight * (1 - rate * weight_decay) - rate / (1 - beta1^t) * mean / (sqrt(square / (1 - beta2^t)) + eps)
 *
 * The host computes what depends on the step t. With `unit`, which has a value f for each output channel, the step is
 * that of weight / f: of the convolution before a batch norm was folded into it. The gradient is zeroed for the next
 * step.
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html
 */
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { f32, u32 } from "../../src/kernel/problem.js";
import { checkStep, quadsOf, valuesPerChannel } from "../../src/kernel/optimiser.js";
import { adamw as shaders } from "../wgsl.generated.js";

/** Step of AdamW, over the weight. */
export const adamw = defineKernel({
  name: "adamw",
  shaders,
  inputs: {
    weight: { role: "tensor", layout: "nchw" },
    gradient: { role: "tensor", layout: "nchw" },
    mean: { role: "tensor", layout: "nchw" },
    square: { role: "tensor", layout: "nchw" },
    /** Rate, rate / (1 - beta1^t), 1 / sqrt(1 - beta2^t), and a value that is not read. [1, 4, 1, 1] */
    rates: { role: "tensor", layout: "nchw" },
    /** [out, 1, 1, 1] */
    unit: { role: "tensor", layout: "nchw", optional: true },
  },
  outputs: {
    stepped: { role: "tensor", layout: "nchw", updates: "weight" },
    averaged: { role: "tensor", layout: "nchw", updates: "mean" },
    squared: { role: "tensor", layout: "nchw", updates: "square" },
    cleared: { role: "tensor", layout: "nchw", updates: "gradient" },
  },
  attrs: { beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.01, rate_scale: 1 },

  shape({ weight, gradient, mean, square, rates, unit }) {
    checkStep("adamw", weight, { gradient, mean, square }, rates, unit);
    return { stepped: weight, averaged: mean, squared: square, cleared: gradient };
  },
  params: ({ in: { weight, unit }, attrs }) => ({
    quads: u32(quadsOf(weight)),
    values: u32(sizeOf(weight)),
    per_channel: u32(valuesPerChannel(weight)),
    has_unit: u32(unit ? 1 : 0),
    beta1: f32(attrs.beta1),
    beta2: f32(attrs.beta2),
    rest1: f32(1 - attrs.beta1),
    rest2: f32(1 - attrs.beta2),
    eps: f32(attrs.eps),
    weight_decay: f32(attrs.weight_decay),
    rate_scale: f32(attrs.rate_scale),
  }),
  overrides: () => ({}),
  cost: ({ in: { weight } }) => ({ flops: 12 * sizeOf(weight), bytes: 32 * sizeOf(weight) }),
  variants: {
    // Four values per thread.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ in: { weight } }) => [quadsOf(weight), 1, 1],
    },
  },
});
