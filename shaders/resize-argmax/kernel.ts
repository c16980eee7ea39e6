/**
 * Logits resized bilinearly (half-pixel centres) and the largest channel of every pixel taken, without writing the resized
 * logits anywhere: for a photograph of 12 million pixels and 21 classes those are 1.15 GB, more than many devices bind. Ties
 * and NaN as in argmax, positions as in resize.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html
 */
import { badShape } from "../../src/base/errors.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { fitsTexture, sizeOf, textureColumns } from "../../src/kernel/layout.js";
import type { Nchw } from "../../src/kernel/layout.js";
import { i32, u32 } from "../../src/kernel/problem.js";
import { formatShape } from "../../src/kernel/shape.js";
import { resizeArgmax as shaders } from "../wgsl.generated.js";

/** Without a stride, twice in * out must fit in an i32. */
const MAX_PRODUCT = 2 ** 30;

/** Output i lies at max(i * step + offset, 0) / over = (i + 1/2) * in / out - 1/2 (or (i + 1/2) / stride - 1/2) in pixels of the input. */
const positions = (x: Nchw, y: Nchw, stride: number) => ({
  out_h: u32(y[2]),
  out_w: u32(y[3]),
  pixels: u32(y[0] * y[2] * y[3]),
  step_h: i32(stride ? 2 : 2 * x[2]),
  step_w: i32(stride ? 2 : 2 * x[3]),
  offset_h: i32(stride ? 1 - stride : x[2] - y[2]),
  offset_w: i32(stride ? 1 - stride : x[3] - y[3]),
  over_h: i32(2 * (stride || y[2])),
  over_w: i32(2 * (stride || y[3])),
});

/** Labels at a given height and width from logits of another, resized bilinearly on the way. */
export const resizeArgmax = defineKernel({
  name: "resize-argmax",
  shaders,
  inputs: { x: { role: "tensor", layout: "nhwc4" } },
  outputs: { y: { role: "tensor", layout: "u8" } },
  /**
   * height and width of the output must be given. stride 0 maps the whole input onto them; a stride s lays input pixel i over
   * output pixels i*s .. i*s + s - 1 and crops: what the fixed bilinear transposed convolution (kernel 2s, stride s, padding s/2)
   * and an argmax give. (That convolution fades at the border, all classes by one factor, which moves no argmax.)
   */
  attrs: { height: 0, width: 0, stride: 0 },

  shape({ x }, { height, width, stride }) {
    if (x[1] > 256) throw badShape(`resize-argmax: x ${formatShape(x)} has ${x[1]} channels, u8 labels hold 256`);
    if (![height, width].every((d) => Number.isInteger(d) && d > 0)) {
      throw badShape(`resize-argmax: height ${height} and width ${width} need to be positive whole numbers`);
    }
    if (!Number.isInteger(stride) || stride < 0)
      throw badShape(`resize-argmax: stride ${stride} needs to be a whole number, 0 or more`);
    if (stride && (height > x[2] * stride || width > x[3] * stride)) {
      throw badShape(`resize-argmax: ${height} x ${width} needs to fit in x ${formatShape(x)} times stride ${stride}`);
    }
    for (const [what, from, to] of [
      ["rows", x[2], height],
      ["columns", x[3], width],
    ] as const) {
      if (!stride && from * to >= MAX_PRODUCT) {
        throw badShape(
          `resize-argmax: x ${formatShape(x)} to ${to} ${what}: ${from} * ${to} = ${from * to} needs to be below ${MAX_PRODUCT}`,
        );
      }
    }
    return { y: [x[0], 1, height, width] };
  },
  params: ({ in: { x }, out: { y }, attrs }) => ({
    in_h: u32(x[2]),
    in_w: u32(x[3]),
    ...positions(x, y, attrs.stride),
  }),
  overrides: ({ in: { x } }) => ({ CHANNELS: x[1] }),
  cost: ({ in: { x }, out: { y } }) => ({ flops: 10 * x[1] * sizeOf(y), bytes: 4 * sizeOf(x) + sizeOf(y) }),
  variants: {
    // One thread, four pixels, four labels in a word.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ out: { y } }) => [Math.ceil((y[0] * y[2] * y[3]) / 4), 1, 1],
    },
    // The four pixels of a word mostly share their corners, which are then fetched once.
    corners: {
      wgsl: "corners",
      workgroup: [64, 1, 1],
      threads: ({ out: { y } }) => [Math.ceil((y[0] * y[2] * y[3]) / 4), 1, 1],
    },
    // From a texture, and no mixing where the four corners agree on the class: for software adapters.
    texture: {
      wgsl: "texture",
      workgroup: [8, 1, 1],
      layouts: { x: "tex4" },
      when: ({ in: { x } }, { software }) => software && fitsTexture(x),
      params: ({ in: { x }, out: { y }, attrs }) => ({
        in_h: u32(x[2]),
        in_w: u32(x[3]),
        in_columns: u32(textureColumns(x)),
        ...positions(x, y, attrs.stride),
      }),
      threads: ({ out: { y } }) => [Math.ceil((y[0] * y[2] * y[3]) / 4), 1, 1],
    },
  },
});
