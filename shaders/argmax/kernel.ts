/**
 * The class of every pixel: the channel with the largest logit. The first index wins ties. NaN never wins; a pixel of
 * nothing but NaN becomes class 0.
 * https://docs.pytorch.org/docs/stable/generated/torch.argmax.html
 */
import { badShape } from "../../src/base/errors.js";
import { checkWord } from "../../src/kernel/checks.js";
import { pixelsOf, threadPerFourPixels, threadPerPixel } from "../../src/kernel/feature-map.js";
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
  attrs: { dtype: "u8" as "u8" | "u32" },

  shape({ x }, { dtype }) {
    checkWord("argmax", "dtype", dtype, ["u8", "u32"]);
    if (dtype === "u8" && x[1] > 256) {
      throw badShape(`argmax: x ${formatShape(x)} has ${x[1]} channels, u8 labels hold 256: use dtype "u32"`);
    }
    return { y: [x[0], 1, x[2], x[3]] };
  },
  params: ({ in: { x } }) => ({ pixels: u32(pixelsOf(x)) }),
  overrides: ({ in: { x } }) => ({ CHANNELS: x[1] }),
  cost: ({ in: { x }, attrs }) => ({
    flops: sizeOf(x),
    bytes: 4 * sizeOf(x) + (attrs.dtype === "u8" ? 1 : 4) * pixelsOf(x),
  }),
  variants: {
    // One pixel per thread, one u32 per label. Serves any number of classes.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      layouts: { y: "u32" },
      when: ({ attrs }) => attrs.dtype === "u32",
      threads: ({ in: { x } }) => threadPerPixel(x),
    },
    // Four pixels per thread, four labels per word: a quarter of the bytes to read back.
    packed: {
      wgsl: "packed",
      workgroup: [64, 1, 1],
      when: ({ attrs }) => attrs.dtype === "u8",
      threads: ({ in: { x } }) => threadPerFourPixels(x),
    },
  },
});
