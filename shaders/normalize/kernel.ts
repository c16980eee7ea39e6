/**
 * A picture to the network's input: RGBA8 to (value / 255 - mean) / std, three channels, resized on the way when asked
 * (bilinear, half-pixel centres, no antialiasing). Alpha is ignored: decoders put transparent pictures over white.
 * https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.Normalize.html
 */
import { badShape } from "../../src/base/errors.js";
import { mapParams, threadPerPixel } from "../../src/kernel/feature-map.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { f32, u32 } from "../../src/kernel/problem.js";
import { ceilDiv, elements, formatShape } from "../../src/kernel/shape.js";
import type { Nchw, Shape } from "../../src/kernel/shape.js";
import { fitsTexture } from "../../src/kernel/texture.js";
import { normalize as shaders } from "../wgsl.generated.js";

/** Pixels of a thread of copy-texture.wgsl: WORDS there. */
const COPY_WORDS = 16;

const keepsSize = (image: Nchw, y: Nchw): boolean => image[2] === y[2] && image[3] === y[3];

function checkPerColour(name: string, shape: Shape): void {
  if (elements(shape) !== 3) throw badShape(`normalize: ${name} ${formatShape(shape)} needs 3 values (R, G, B)`);
}

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
  /** Size of the output. 0 keeps the picture's. */
  attrs: { height: 0, width: 0 },

  shape({ image, mean, std }, { height, width }) {
    if (image[1] !== 4) throw badShape(`normalize: image ${formatShape(image)} needs 4 channels (RGBA)`);
    checkPerColour("mean", mean);
    checkPerColour("std", std);
    if (![height, width].every((size) => Number.isInteger(size) && size >= 0)) {
      throw badShape(`normalize: height ${height} and width ${width} need to be whole numbers, 0 or more`);
    }
    return { y: [image[0], 3, height || image[2], width || image[3]] };
  },
  params: ({ in: { image }, out: { y } }) => ({
    ...mapParams(image, y),
    scale_h: f32(image[2] / y[2]),
    scale_w: f32(image[3] / y[3]),
  }),
  overrides: () => ({}),
  cost: ({ in: { image }, out: { y } }) => ({ flops: 6 * sizeOf(y), bytes: sizeOf(image) + 4 * sizeOf(y) }),
  variants: {
    // One output pixel per thread: four corners, unpacked and mixed. The only one that resizes.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ out: { y } }) => threadPerPixel(y),
    },
    // One pixel per thread, one load. Wins where the size stays.
    copy: {
      wgsl: "copy",
      workgroup: [64, 1, 1],
      when: ({ in: { image }, out: { y } }) => keepsSize(image, y),
      threads: ({ out: { y } }) => threadPerPixel(y),
    },
    // As copy, with the result stored as f16.
    "copy-f16": {
      wgsl: "copy-f16",
      workgroup: [64, 1, 1],
      precision: "f16",
      layouts: { y: "nhwc4-f16" },
      when: ({ in: { image }, out: { y } }) => keepsSize(image, y),
      threads: ({ out: { y } }) => threadPerPixel(y),
    },
    // As copy, into a texture. Wins on software adapters, whose convolutions read textures.
    "copy-texture": {
      wgsl: "copy-texture",
      workgroup: [8, 8, 1],
      layouts: { y: "tex4" },
      when: ({ in: { image }, out: { y } }, { software }) => software && keepsSize(image, y) && fitsTexture(y),
      params: ({ out: { y } }) => ({ width: u32(y[3]), rows: u32(y[0] * y[2]) }),
      threads: ({ out: { y } }) => [ceilDiv(y[3], COPY_WORDS), y[0] * y[2], 1],
    },
  },
});
