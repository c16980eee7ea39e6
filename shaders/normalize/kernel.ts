/**
 * A picture to the network's input: RGBA8 to (value / 255 - mean) / std, three channels, resized on the way when asked
 * (bilinear, half-pixel centres, no antialiasing). Alpha is ignored: decoders put transparent pictures over white.
 * https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.Normalize.html
 */
import { badShape } from "../../src/base/errors.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { fitsTexture, sizeOf } from "../../src/kernel/layout.js";
import { f32, u32 } from "../../src/kernel/problem.js";
import { ceilDiv, elements, formatShape } from "../../src/kernel/shape.js";
import { normalize as shaders } from "../wgsl.generated.js";

/** Pixels that a thread of copy-texture.wgsl makes. */
const COPY_WORDS = 16;

/** RGBA8 picture to normalised tensor, with optional bilinear resize. */
export const normalize = defineKernel({
  name: "normalize",
  shaders,
  inputs: {
    image: { role: "tensor", layout: "rgba8" },
    mean: { role: "weight" },
    std: { role: "weight" },
  },
  outputs: { y: { role: "tensor", layout: "nhwc4" } },
  /** Size of the output; 0 keeps the picture's. */
  attrs: { height: 0, width: 0 },

  shape({ image, mean, std }, { height, width }) {
    if (image[1] !== 4) throw badShape(`normalize: image ${formatShape(image)} needs 4 channels (RGBA)`);
    for (const [name, shape] of Object.entries({ mean, std })) {
      if (elements(shape) !== 3) throw badShape(`normalize: ${name} ${formatShape(shape)} needs 3 values (R, G, B)`);
    }
    if (![height, width].every((d) => Number.isInteger(d) && d >= 0))
      throw badShape(`normalize: size ${height} x ${width} is not two whole numbers`);
    return { y: [image[0], 3, height || image[2], width || image[3]] };
  },
  params: ({ in: { image }, out: { y } }) => ({
    in_h: u32(image[2]),
    in_w: u32(image[3]),
    out_h: u32(y[2]),
    out_w: u32(y[3]),
    pixels: u32(y[0] * y[2] * y[3]),
    scale_h: f32(image[2] / y[2]),
    scale_w: f32(image[3] / y[3]),
  }),
  overrides: () => ({}),
  cost: ({ in: { image }, out: { y } }) => ({ flops: 6 * sizeOf(y), bytes: sizeOf(image) + 4 * sizeOf(y) }),
  variants: {
    // One thread, one output pixel: four corners, unpacked and mixed.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ out: { y } }) => [y[0] * y[2] * y[3], 1, 1],
    },
    // One thread, one pixel of the same size: one load, no mixing.
    copy: {
      wgsl: "copy",
      workgroup: [64, 1, 1],
      when: ({ in: { image }, out: { y } }) => image[2] === y[2] && image[3] === y[3],
      threads: ({ out: { y } }) => [y[0] * y[2] * y[3], 1, 1],
    },
    // As copy, with the result stored as f16.
    "copy-f16": {
      wgsl: "copy-f16",
      workgroup: [64, 1, 1],
      precision: "f16",
      layouts: { y: "nhwc4-f16" },
      when: ({ in: { image }, out: { y } }) => image[2] === y[2] && image[3] === y[3],
      threads: ({ out: { y } }) => [y[0] * y[2] * y[3], 1, 1],
    },
    // As copy, into a texture: for software adapters.
    "copy-texture": {
      wgsl: "copy-texture",
      workgroup: [8, 8, 1],
      layouts: { y: "tex4" },
      when: ({ in: { image }, out: { y } }, { software }) =>
        software && image[2] === y[2] && image[3] === y[3] && fitsTexture(y),
      params: ({ out: { y } }) => ({ width: u32(y[3]), rows: u32(y[0] * y[2]) }),
      threads: ({ out: { y } }) => [ceilDiv(y[3], COPY_WORDS), y[0] * y[2], 1],
    },
  },
});
