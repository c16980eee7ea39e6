/**
 * Probabilities from logits, over the channels of every pixel: exp(x - max) / sum(exp(x - max)). The maximum is taken
 * out so that no exponential overflows. A pixel with a NaN or +Infinity becomes NaN throughout, as in PyTorch.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html
 */
import { pixelsOf, threadPerPixel } from "../../src/kernel/feature-map.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { u32 } from "../../src/kernel/problem.js";
import { softmax as shaders } from "../wgsl.generated.js";

/** Softmax over the channels of every pixel. */
export const softmax = defineKernel({
  name: "softmax",
  shaders,
  inputs: { x: { role: "tensor", layout: "nhwc4" } },
  outputs: { y: { role: "tensor", layout: "nhwc4" } },
  attrs: {},

  shape: ({ x }) => ({ y: x }),
  params: ({ in: { x } }) => ({ pixels: u32(pixelsOf(x)) }),
  overrides: ({ in: { x } }) => ({ CHANNELS: x[1] }),
  cost: ({ in: { x } }) => ({ flops: 5 * sizeOf(x), bytes: 8 * sizeOf(x) }),
  variants: {
    // One pixel per thread: maximum, sum, quotient.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ in: { x } }) => threadPerPixel(x),
    },
  },
});
