/**
 * A picture to the network's input: RGBA8 to (value / 255 - mean) / std, three channels, resized on the way when asked
 * (bilinear, half-pixel centres, no antialiasing). Alpha is ignored: decoders put transparent pictures over white.
 * https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.Normalize.html
 */
import { badShape } from "../../src/base/errors.js";
import { mapParams, threadPerPixel } from "../../src/kernel/feature-map.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { pair, u32 } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import { checkPositions, halfPixelPositions, positionParams } from "../../src/kernel/resampling.js";
import { ceilDiv, elements, formatShape } from "../../src/kernel/shape.js";
import type { Nchw, Shape } from "../../src/kernel/shape.js";
import { fitsTexture } from "../../src/kernel/texture.js";
import { axisName } from "../../src/kernel/window.js";
import type { Axis } from "../../src/kernel/window.js";
import { normalize as shaders } from "../wgsl.generated.js";

/** Pixels of a thread of copy-texture.wgsl and mix-texture.wgsl: WORDS there. */
const TEXTURE_WORDS = 16;

interface SizeAttrs {
  readonly height: number;
  readonly width: number;
}

/** Rows and columns of the picture in the output. */
const seenSize = (image: Nchw, { height, width }: SizeAttrs) => [height || image[2], width || image[3]] as const;

const keepsSize = (image: Nchw, attrs: SizeAttrs): boolean =>
  seenSize(image, attrs).every((size, axis) => size === image[2 + axis]);

/** The picture's size in the output, and where the output's pixels lie in the picture. */
function seenParams(image: Nchw, attrs: SizeAttrs) {
  const [rows, columns] = seenSize(image, attrs);
  return {
    rows: u32(rows),
    columns: u32(columns),
    ...positionParams(halfPixelPositions(image[2], rows), halfPixelPositions(image[3], columns)),
  };
}

/** Rows or columns of the output. @throws bad-shape when the picture does not fit */
function paddedSize(axis: Axis, seen: number, padded: Pair): number {
  const size = pair(padded)[axis] || seen;
  if (Number.isInteger(size) && size >= seen) return size;
  throw badShape(`normalize: padded to ${size} ${axisName(axis)}, which the picture's ${seen} do not fit`);
}

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
  attrs: {
    /** Size of the picture in the output. 0 keeps its size. */
    height: 0,
    width: 0,
    /** Size of the output: zeros follow the picture at the bottom and at the right. 0 is the picture's size there. */
    padded: 0 as Pair,
  },

  shape({ image, mean, std }, { height, width, padded }) {
    if (image[1] !== 4) throw badShape(`normalize: image ${formatShape(image)} needs 4 channels (RGBA)`);
    checkPerColour("mean", mean);
    checkPerColour("std", std);
    if (![height, width].every((size) => Number.isInteger(size) && size >= 0)) {
      throw badShape(`normalize: height ${height} and width ${width} need to be whole numbers, 0 or more`);
    }
    const [rows, columns] = seenSize(image, { height, width });
    if (!keepsSize(image, { height, width })) checkPositions("normalize: image", image, rows, columns);
    return { y: [image[0], 3, paddedSize(0, rows, padded), paddedSize(1, columns, padded)] };
  },
  params: ({ in: { image }, out: { y }, attrs }) => ({ ...mapParams(image, y), ...seenParams(image, attrs) }),
  overrides: () => ({}),
  cost: ({ in: { image }, out: { y } }) => ({ flops: 6 * sizeOf(y), bytes: sizeOf(image) + 4 * sizeOf(y) }),
  variants: {
    // One output pixel per thread: four corners, unpacked and mixed.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ out: { y } }) => threadPerPixel(y),
    },
    // As naive, with the result stored as f16.
    "mix-f16": {
      wgsl: "mix-f16",
      workgroup: [64, 1, 1],
      precision: "f16",
      layouts: { y: "nhwc4-f16" },
      threads: ({ out: { y } }) => threadPerPixel(y),
    },
    // As naive, into a texture. Wins on software adapters, whose convolutions read textures.
    "mix-texture": {
      wgsl: "mix-texture",
      workgroup: [8, 8, 1],
      layouts: { y: "tex4" },
      when: ({ out: { y } }, { software }) => software && fitsTexture(y),
      params: ({ in: { image }, out: { y }, attrs }) => ({
        in_h: u32(image[2]),
        in_w: u32(image[3]),
        out_h: u32(y[2]),
        out_w: u32(y[3]),
        texel_rows: u32(y[0] * y[2]),
        ...seenParams(image, attrs),
      }),
      threads: ({ out: { y } }) => [ceilDiv(y[3], TEXTURE_WORDS), y[0] * y[2], 1],
    },
    // One pixel per thread, one load. Wins where the size stays.
    copy: {
      wgsl: "copy",
      workgroup: [64, 1, 1],
      when: ({ in: { image }, attrs }) => keepsSize(image, attrs),
      threads: ({ out: { y } }) => threadPerPixel(y),
    },
    // As copy, with the result stored as f16.
    "copy-f16": {
      wgsl: "copy-f16",
      workgroup: [64, 1, 1],
      precision: "f16",
      layouts: { y: "nhwc4-f16" },
      when: ({ in: { image }, attrs }) => keepsSize(image, attrs),
      threads: ({ out: { y } }) => threadPerPixel(y),
    },
    // As copy, into a texture. Wins on software adapters, whose convolutions read textures.
    "copy-texture": {
      wgsl: "copy-texture",
      workgroup: [8, 8, 1],
      layouts: { y: "tex4" },
      when: ({ in: { image }, out: { y }, attrs }, { software }) =>
        software && keepsSize(image, attrs) && fitsTexture(y),
      params: ({ in: { image }, out: { y } }) => ({
        in_h: u32(image[2]),
        in_w: u32(image[3]),
        out_h: u32(y[2]),
        out_w: u32(y[3]),
        rows: u32(y[0] * y[2]),
      }),
      threads: ({ out: { y } }) => [ceilDiv(y[3], TEXTURE_WORDS), y[0] * y[2], 1],
    },
  },
});
