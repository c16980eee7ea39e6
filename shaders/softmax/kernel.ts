/**
 * Probabilities from logits, over the channels of every pixel: exp(x - max) / sum(exp(x - max)). The maximum is taken out so
 * that no exponential overflows. A pixel with a NaN or +Infinity becomes NaN throughout, as in PyTorch.
 */
import { defineKernel, u32 } from "../../src/kernel.js";
import { sizeOf } from "../../src/layout.js";
import { softmax as shaders } from "../wgsl.generated.js";

export const softmax = defineKernel({
  name: "softmax",
  summary: "softmax over the channels of every pixel",
  source: "https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html",
  shaders,
  inputs: { x: { role: "tensor", layout: "nhwc4" } },
  outputs: { y: { role: "tensor", layout: "nhwc4" } },
  attrs: {},

  shape: ({ x }) => ({ y: x }),
  params: ({ in: { x } }) => ({ pixels: u32(x[0] * x[2] * x[3]) }),
  overrides: ({ in: { x } }) => ({ CHANNELS: x[1] }),
  cost: ({ in: { x } }) => ({ flops: 5 * sizeOf(x), bytes: 8 * sizeOf(x) }),
  variants: {
    naive: {
      wgsl: "naive",
      summary: "one thread, one pixel: maximum, sum, quotient",
      workgroup: [64, 1, 1],
      threads: ({ in: { x } }) => [x[0] * x[2] * x[3], 1, 1],
    },
  },
});
