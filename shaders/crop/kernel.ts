/**
 * A part of a feature map: y = x[:, :, top : top + h, left : left + w]. The FCN over VGG of the FCN paper pads its
 * picture by 100 pixels, and crops the skips' scores and the result.
 * https://arxiv.org/abs/1605.06211
 */
import { badShape } from "../../src/base/errors.js";
import { checkWholeNumbers } from "../../src/kernel/checks.js";
import { mapParams, textureMapParams, threadPerTexelRun, threadPerVec4 } from "../../src/kernel/feature-map.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { pair, u32 } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import { formatShape } from "../../src/kernel/shape.js";
import type { Nchw } from "../../src/kernel/shape.js";
import { fitsTexture } from "../../src/kernel/texture.js";
import { axisName } from "../../src/kernel/window.js";
import type { Axis } from "../../src/kernel/window.js";
import { crop as shaders } from "../wgsl.generated.js";

interface CropAttrs {
  readonly size: Pair;
  readonly offset: Pair;
}

function checkFits(axis: Axis, x: Nchw, { size, offset }: CropAttrs): void {
  const [part, first] = [pair(size)[axis], pair(offset)[axis]];
  const input = x[2 + axis] as number;
  if (first + part <= input) return;
  const got = `x ${formatShape(x)} has ${input} ${axisName(axis)}`;
  throw badShape(`crop: ${got}, size ${part} at offset ${first} needs ${first + part}`);
}

const corner = ({ offset }: CropAttrs) => ({ top: u32(pair(offset)[0]), left: u32(pair(offset)[1]) });

/** A part of a feature map, of a given size at a given offset. */
export const crop = defineKernel({
  name: "crop",
  shaders,
  inputs: { x: { role: "tensor", layout: "nhwc4" } },
  outputs: { y: { role: "tensor", layout: "nhwc4" } },
  attrs: {
    /** Rows and columns of the output. Must be given. */
    size: 0 as Pair,
    /** The first row and the first column. */
    offset: 0 as Pair,
  },

  shape({ x }, attrs) {
    const { size, offset } = attrs;
    checkWholeNumbers("crop", { size, offset }, { size: 1, offset: 0 });
    checkFits(0, x, attrs);
    checkFits(1, x, attrs);
    return { y: [x[0], x[1], ...pair(size)] };
  },
  params: ({ in: { x }, out: { y }, attrs }) => ({ ...mapParams(x, y), ...corner(attrs) }),
  overrides: ({ in: { x } }) => ({ CHANNELS: x[1] }),
  // A read and a write of the output's size: what is cropped away is not read.
  cost: ({ out: { y } }) => ({ flops: 0, bytes: 8 * sizeOf(y) }),
  variants: {
    // Four channels of an output pixel per thread.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ out: { y } }) => threadPerVec4(y),
    },
    // As naive, on activations stored as f16.
    f16: {
      wgsl: "f16",
      workgroup: [64, 1, 1],
      precision: "f16",
      layouts: { x: "nhwc4-f16", y: "nhwc4-f16" },
      threads: ({ out: { y } }) => threadPerVec4(y),
    },
    // As naive, between textures. Wins on software adapters, whose convolutions read and write textures.
    texture: {
      wgsl: "texture",
      workgroup: [8, 8, 1],
      layouts: { x: "tex4", y: "tex4" },
      when: ({ in: { x }, out: { y } }, { software }) => software && fitsTexture(x) && fitsTexture(y),
      params: ({ in: { x }, out: { y }, attrs }) => ({ ...textureMapParams(x, y), ...corner(attrs) }),
      threads: ({ out: { y } }) => threadPerTexelRun(y),
    },
  },
});
