/**
 * Joins two feature maps along their channels, as torch.cat((a, b), dim=1). Decoders join what they upsampled with the
 * features of a finer stride. With `broadcast` an input of one pixel, such as a global average, is repeated over all
 * pixels of the other.
 * https://docs.pytorch.org/docs/stable/generated/torch.cat.html
 */
import { badShape } from "../../src/base/errors.js";
import { pixelsOf, threadPerTexelRun, threadPerVec4 } from "../../src/kernel/feature-map.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { u32 } from "../../src/kernel/problem.js";
import { formatShape } from "../../src/kernel/shape.js";
import type { Nchw } from "../../src/kernel/shape.js";
import { fitsTexture, textureColumns } from "../../src/kernel/texture.js";
import { concat as shaders } from "../wgsl.generated.js";

interface ConcatProblem {
  readonly in: { readonly a: Nchw; readonly b: Nchw };
  readonly out: { readonly y: Nchw };
}

const isOnePixel = (shape: Nchw): boolean => shape[2] === 1 && shape[3] === 1;

function checkSizes(a: Nchw, b: Nchw, broadcast: boolean): void {
  if (a[2] === b[2] && a[3] === b[3]) return;
  const isOne = isOnePixel(a) || isOnePixel(b);
  if (isOne && broadcast) return;
  const got = `a ${formatShape(a)} has ${a[2]} x ${a[3]} pixels, b ${formatShape(b)} has ${b[2]} x ${b[3]}`;
  const cure = isOne ? '"broadcast: true" repeats the one pixel' : "resize one to the size of the other";
  throw badShape(`concat: ${got}: ${cure}`);
}

/** Whether each four channels of y come from one input. */
const keepsBlocks = ({ in: { a } }: ConcatProblem): boolean => a[1] % 4 === 0;

const f16 = { precision: "f16", layouts: { a: "nhwc4-f16", b: "nhwc4-f16", y: "nhwc4-f16" } } as const;

/** Two feature maps joined along their channels. */
export const concat = defineKernel({
  name: "concat",
  shaders,
  inputs: {
    a: { role: "tensor", layout: "nhwc4" },
    b: { role: "tensor", layout: "nhwc4" },
  },
  outputs: { y: { role: "tensor", layout: "nhwc4" } },
  attrs: {
    /** Repeats an input of 1 x 1 pixels over all pixels of the other. */
    broadcast: false as boolean,
  },

  shape({ a, b }, { broadcast }) {
    if (a[0] !== b[0]) {
      throw badShape(`concat: b ${formatShape(b)} has batch ${b[0]}, a ${formatShape(a)} needs ${a[0]}`);
    }
    checkSizes(a, b, broadcast);
    return { y: [a[0], a[1] + b[1], Math.max(a[2], b[2]), Math.max(a[3], b[3])] };
  },
  params: ({ in: { a, b }, out: { y } }) => ({
    pixels: u32(pixelsOf(y)),
    a_repeat: u32(pixelsOf(y) / pixelsOf(a)),
    b_repeat: u32(pixelsOf(y) / pixelsOf(b)),
  }),
  overrides: ({ in: { a, b } }) => ({ A_CHANNELS: a[1], B_CHANNELS: b[1] }),
  cost: ({ in: { a, b }, out: { y } }) => ({ flops: 0, bytes: 4 * (sizeOf(a) + sizeOf(b) + sizeOf(y)) }),
  variants: {
    // Four channels of a pixel per thread, each looked up. The one to read first, and the only one in f32 for channels
    // of a that are not a multiple of four.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ out: { y } }) => threadPerVec4(y),
    },
    // One load for four channels.
    blocks: {
      wgsl: "blocks",
      workgroup: [64, 1, 1],
      when: keepsBlocks,
      threads: ({ out: { y } }) => threadPerVec4(y),
    },
    // As naive, on activations stored as f16.
    f16: {
      wgsl: "f16",
      workgroup: [64, 1, 1],
      ...f16,
      threads: ({ out: { y } }) => threadPerVec4(y),
    },
    // As blocks, on activations stored as f16.
    "blocks-f16": {
      wgsl: "blocks-f16",
      workgroup: [64, 1, 1],
      ...f16,
      when: keepsBlocks,
      threads: ({ out: { y } }) => threadPerVec4(y),
    },
    // Between textures. Wins on software adapters, whose convolutions read and write textures.
    texture: {
      wgsl: "texture",
      workgroup: [8, 8, 1],
      layouts: { a: "tex4", b: "tex4", y: "tex4" },
      when: ({ in: { a, b }, out: { y } }, { software }) => software && [a, b, y].every(fitsTexture),
      params: ({ in: { a, b }, out: { y } }) => ({
        height: u32(y[2]),
        width: u32(y[3]),
        columns: u32(textureColumns(y)),
        rows: u32(y[0] * y[2]),
        a_h: u32(a[2]),
        a_w: u32(a[3]),
        a_columns: u32(textureColumns(a)),
        b_h: u32(b[2]),
        b_w: u32(b[3]),
        b_columns: u32(textureColumns(b)),
      }),
      threads: ({ out: { y } }) => threadPerTexelRun(y),
    },
  },
});
