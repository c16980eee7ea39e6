/**
 * The class of every pixel: the channel with the largest logit. The first index wins ties; NaN never wins (a pixel that is
 * NaN throughout becomes class 0).
 * https://docs.pytorch.org/docs/stable/generated/torch.argmax.html
 */
import { badShape } from "../../src/base/errors.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { u32 } from "../../src/kernel/problem.js";
import { formatShape } from "../../src/kernel/shape.js";
import { argmax as shaders } from "../wgsl.generated.js";

/** Index of the largest channel of every pixel, as u8 or u32 labels. */
export const argmax = defineKernel({
  name: "argmax",
  shaders,
  inputs: { x: { role: "tensor", layout: "nhwc4" } },
  outputs: { y: { role: "tensor", layout: "u8" } },
  attrs: { dtype: "u8" as string },

  shape({ x }, { dtype }) {
    if (dtype !== "u8" && dtype !== "u32") throw badShape(`argmax: dtype "${dtype}" is not one of u8, u32`);
    if (dtype === "u8" && x[1] > 256)
      throw badShape(`argmax: x ${formatShape(x)} has ${x[1]} channels, u8 labels hold 256: use dtype "u32"`);
    return { y: [x[0], 1, x[2], x[3]] };
  },
  params: ({ in: { x } }) => ({ pixels: u32(x[0] * x[2] * x[3]) }),
  overrides: ({ in: { x } }) => ({ CHANNELS: x[1] }),
  cost: ({ in: { x }, attrs }) => ({
    flops: sizeOf(x),
    bytes: 4 * sizeOf(x) + (attrs.dtype === "u8" ? 1 : 4) * x[0] * x[2] * x[3],
  }),
  variants: {
    // One thread, one pixel, one u32.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      layouts: { y: "u32" },
      when: ({ attrs }) => attrs.dtype === "u32",
      threads: ({ in: { x } }) => [x[0] * x[2] * x[3], 1, 1],
    },
    // One thread, four pixels, four labels in a word: a quarter of the readback.
    packed: {
      wgsl: "packed",
      workgroup: [64, 1, 1],
      when: ({ attrs }) => attrs.dtype === "u8",
      threads: ({ in: { x } }) => [Math.ceil((x[0] * x[2] * x[3]) / 4), 1, 1],
    },
  },
});
