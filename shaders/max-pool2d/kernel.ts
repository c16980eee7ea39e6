/**
 * Max pooling as PyTorch's max_pool2d: padding counts as -Infinity, the first of equal values wins, NaN wins over
 * everything (the last of several), and a window that dilation places between the pixels is -Infinity. With `indices`
 * it also gives the position of each maximum, as row * W + column of the input plane, which max-unpool2d reads.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool2d.html
 */
import { badShape } from "../../src/base/errors.js";
import { checkWholeNumbers } from "../../src/kernel/checks.js";
import { mapParams, threadPerVec4 } from "../../src/kernel/feature-map.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { pair, u32 } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import { blocksOf, ceilPoolOutputSize, convOutputSize, formatShape } from "../../src/kernel/shape.js";
import type { Nchw } from "../../src/kernel/shape.js";
import { fitsTexture, textureColumns } from "../../src/kernel/texture.js";
import { axisName, dilatedWindowConstants, poolStride, windowAlong } from "../../src/kernel/window.js";
import type { Axis, Window2d } from "../../src/kernel/window.js";
import { maxPool2d as shaders } from "../wgsl.generated.js";

interface PoolAttrs extends Window2d {
  readonly ceil_mode: boolean;
}

const overridesOf = ({ in: { x }, attrs }: { readonly in: { readonly x: Nchw }; readonly attrs: PoolAttrs }) => ({
  CHANNELS: x[1],
  ...dilatedWindowConstants({ ...attrs, stride: poolStride(attrs.kernel, attrs.stride) }),
});

/** Rows or columns of the output. @throws bad-shape when padding is too large, or no window fits */
function outputSize(axis: Axis, x: Nchw, attrs: PoolAttrs): number {
  const window = windowAlong(axis, { ...attrs, stride: poolStride(attrs.kernel, attrs.stride) });
  const { kernel, stride, padding, dilation } = window;
  const halfKernel = Math.floor(kernel / 2);
  if (padding > halfKernel) {
    const needed = `at most half the kernel: ${halfKernel} for ${kernel}`;
    throw badShape(`max-pool2d: padding ${padding} of the ${axisName(axis)} needs to be ${needed}`);
  }
  const input = x[2 + axis] as number;
  const span = dilation * (kernel - 1) + 1;
  const overhang = attrs.ceil_mode ? stride - 1 : 0;
  const least = Math.max(1, span - 2 * padding - overhang);
  if (input < least) {
    const got = `x ${formatShape(x)} has ${input} ${axisName(axis)}`;
    throw badShape(`max-pool2d: ${got}, a window of ${span} with padding ${padding} needs at least ${least}`);
  }
  return attrs.ceil_mode ? ceilPoolOutputSize(input, window) : convOutputSize(input, window);
}

/** 2-D max pooling, optionally with the indices of the maxima. */
export const maxPool2d = defineKernel({
  name: "max-pool2d",
  shaders,
  inputs: { x: { role: "tensor", layout: "nhwc4" } },
  outputs: {
    y: { role: "tensor", layout: "nhwc4" },
    indices: { role: "tensor", layout: "nhwc4-u32", optional: true },
  },
  attrs: {
    kernel: 2 as Pair,
    /** 0: the kernel's size. */
    stride: 0 as Pair,
    padding: 0 as Pair,
    dilation: 1 as Pair,
    /** Rounds the output size up: a last window may hang over the far edge. */
    ceil_mode: false as boolean,
    indices: false as boolean,
  },

  shape({ x }, attrs) {
    const { kernel, stride, padding, dilation } = attrs;
    const least = { kernel: 1, stride: 0, padding: 0, dilation: 1 };
    checkWholeNumbers("max-pool2d", { kernel, stride, padding, dilation }, least);
    const y = [x[0], x[1], outputSize(0, x, attrs), outputSize(1, x, attrs)] as const;
    return { y, indices: attrs.indices ? y : undefined };
  },
  params: ({ in: { x }, out: { y } }) => mapParams(x, y),
  overrides: (problem) => ({ ...overridesOf(problem), WITH_INDICES: problem.attrs.indices ? 1 : 0 }),
  cost: ({ in: { x }, out: { y, indices }, attrs }) => ({
    flops: sizeOf(y) * pair(attrs.kernel)[0] * pair(attrs.kernel)[1],
    bytes: 4 * (sizeOf(x) + sizeOf(y) + (indices ? sizeOf(indices) : 0)),
  }),
  variants: {
    // Four channels of an output pixel per thread; the window is clipped once. The only one that gives indices.
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
      when: ({ attrs }) => !attrs.indices,
      overrides: overridesOf,
      threads: ({ out: { y } }) => threadPerVec4(y),
    },
    // As naive, between textures. Wins on software adapters, whose convolutions read and write textures.
    texture: {
      wgsl: "texture",
      workgroup: [8, 8, 1],
      layouts: { x: "tex4", y: "tex4" },
      when: ({ in: { x }, out: { y }, attrs }, { software }) =>
        software && !attrs.indices && fitsTexture(x) && fitsTexture(y),
      overrides: overridesOf,
      params: ({ in: { x }, out: { y } }) => ({
        in_h: u32(x[2]),
        in_w: u32(x[3]),
        in_columns: u32(textureColumns(x)),
        out_h: u32(y[2]),
        out_w: u32(y[3]),
        out_columns: u32(textureColumns(y)),
        rows: u32(y[0] * y[2]),
      }),
      threads: ({ out: { y } }) => [y[3], y[0] * y[2], blocksOf(y[1])],
    },
  },
});
