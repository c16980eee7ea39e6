/**
 * A step of stochastic gradient descent with momentum and weight decay, as torch.optim.SGD:
 *
 *   g = gradient + weight_decay * weight
 *   velocity = momentum * velocity + g
 *   weight = weight - rate * rate_scale * velocity
 *
 * With `unit`, which has a value f for each output channel, the step is that of weight / f: of the convolution before a
 * batch norm was folded into it. The gradient is zeroed for the next step.
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html
 */
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { f32, u32 } from "../../src/kernel/problem.js";
import { checkStep, quadsOf, valuesPerChannel } from "../../src/kernel/optimiser.js";
import { sgd as shaders } from "../wgsl.generated.js";

/** Step of SGD with momentum, over the weight. */
export const sgd = defineKernel({
  name: "sgd",
  shaders,
  inputs: {
    weight: { role: "tensor", layout: "nchw" },
    gradient: { role: "tensor", layout: "nchw" },
    velocity: { role: "tensor", layout: "nchw" },
    /** The rate, and three values that are not read. [1, 4, 1, 1] */
    rates: { role: "tensor", layout: "nchw" },
    /** [out, 1, 1, 1] */
    unit: { role: "tensor", layout: "nchw", optional: true },
  },
  outputs: {
    stepped: { role: "tensor", layout: "nchw", updates: "weight" },
    moved: { role: "tensor", layout: "nchw", updates: "velocity" },
    cleared: { role: "tensor", layout: "nchw", updates: "gradient" },
  },
  attrs: { momentum: 0, weight_decay: 0, rate_scale: 1 },

  shape({ weight, gradient, velocity, rates, unit }) {
    checkStep("sgd", weight, { gradient, velocity }, rates, unit);
    return { stepped: weight, moved: velocity, cleared: gradient };
  },
  params: ({ in: { weight, unit }, attrs }) => ({
    quads: u32(quadsOf(weight)),
    values: u32(sizeOf(weight)),
    per_channel: u32(valuesPerChannel(weight)),
    has_unit: u32(unit ? 1 : 0),
    momentum: f32(attrs.momentum),
    weight_decay: f32(attrs.weight_decay),
    rate_scale: f32(attrs.rate_scale),
  }),
  overrides: () => ({}),
  cost: ({ in: { weight } }) => ({ flops: 6 * sizeOf(weight), bytes: 24 * sizeOf(weight) }),
  variants: {
    // Four values per thread.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ in: { weight } }) => [quadsOf(weight), 1, 1],
    },
  },
});
