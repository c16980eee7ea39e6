/**
 * Max pooling as PyTorch's max_pool2d: padding counts as -Infinity, the first of equal values wins, NaN wins over everything
 * (the last of several), and a window that dilation lets fall between the pixels is -Infinity. With `indices` it also tells
 * where each maximum was, as row * W + column of the input plane: what max-unpool2d reads.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool2d.html
 */
import { badShape } from "../../src/base/errors.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { fitsTexture, sizeOf, textureColumns } from "../../src/kernel/layout.js";
import type { Nchw } from "../../src/kernel/layout.js";
import { pair, u32 } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import { blocksOf, ceilDiv, convOutputSize, formatShape } from "../../src/kernel/shape.js";
import { maxPool2d as shaders } from "../wgsl.generated.js";

interface Axis {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
}

type PoolProblem = {
  readonly in: { readonly x: Nchw };
  readonly attrs: { readonly kernel: Pair; readonly stride: Pair; readonly padding: Pair; readonly dilation: Pair };
};

/** With ceil_mode a last window may hang over the end, but it must start inside the input or its left padding. */
function outputSize(input: number, axis: Axis, ceil: boolean): number {
  if (!ceil) return convOutputSize(input, axis);
  const { kernel, stride, padding, dilation } = axis;
  const size = ceilDiv(input + 2 * padding - dilation * (kernel - 1) - 1, stride) + 1;
  return (size - 1) * stride >= input + padding ? size - 1 : size;
}

const windowOf = ({ in: { x }, attrs }: PoolProblem) => ({
  CHANNELS: x[1],
  KERNEL_H: pair(attrs.kernel)[0],
  KERNEL_W: pair(attrs.kernel)[1],
  STRIDE_H: pair(attrs.stride)[0] || pair(attrs.kernel)[0],
  STRIDE_W: pair(attrs.stride)[1] || pair(attrs.kernel)[1],
  PAD_H: pair(attrs.padding)[0],
  PAD_W: pair(attrs.padding)[1],
  DILATION_H: pair(attrs.dilation)[0],
  DILATION_W: pair(attrs.dilation)[1],
});

/** 2-D max pooling, optionally with the indices of the maxima. */
export const maxPool2d = defineKernel({
  name: "max-pool2d",
  shaders,
  inputs: { x: { role: "tensor", layout: "nhwc4" } },
  outputs: {
    y: { role: "tensor", layout: "nhwc4" },
    indices: { role: "tensor", layout: "nhwc4-u32", optional: true },
  },
  /** A stride of 0 is the kernel's size. */
  attrs: {
    kernel: 2 as Pair,
    stride: 0 as Pair,
    padding: 0 as Pair,
    dilation: 1 as Pair,
    ceil_mode: false as boolean,
    indices: false as boolean,
  },

  shape({ x }, attrs) {
    const lowest = { kernel: 1, stride: 0, padding: 0, dilation: 1 } as const;
    for (const name of ["kernel", "stride", "padding", "dilation"] as const) {
      if (!pair(attrs[name]).every((v) => Number.isInteger(v) && v >= lowest[name])) {
        throw badShape(
          `max-pool2d: ${name} ${JSON.stringify(attrs[name])} needs whole numbers of at least ${lowest[name]}`,
        );
      }
    }
    const axis = (i: 0 | 1): number => {
      const kernel = pair(attrs.kernel)[i];
      const padding = pair(attrs.padding)[i];
      const dilation = pair(attrs.dilation)[i];
      const what = i === 0 ? "rows" : "columns";
      if (padding > Math.floor(kernel / 2)) {
        throw badShape(
          `max-pool2d: padding ${padding} of the ${what} needs to be at most half the kernel: ${Math.floor(kernel / 2)} for ${kernel}`,
        );
      }
      const input = x[2 + i] as number;
      const span = dilation * (kernel - 1) + 1;
      const window = { kernel, stride: pair(attrs.stride)[i] || kernel, padding, dilation };
      const least = Math.max(1, span - 2 * padding - (attrs.ceil_mode ? window.stride - 1 : 0));
      if (input < least) {
        throw badShape(
          `max-pool2d: x ${formatShape(x)} has ${input} ${what}, a window of ${span} with padding ${padding} needs at least ${least}`,
        );
      }
      return outputSize(input, window, attrs.ceil_mode);
    };
    const y = [x[0], x[1], axis(0), axis(1)] as const;
    return { y, indices: attrs.indices ? y : undefined };
  },
  params: ({ in: { x }, out: { y } }) => ({
    in_h: u32(x[2]),
    in_w: u32(x[3]),
    out_h: u32(y[2]),
    out_w: u32(y[3]),
    pixels: u32(y[0] * y[2] * y[3]),
  }),
  overrides: (problem) => ({ ...windowOf(problem), WITH_INDICES: problem.attrs.indices ? 1 : 0 }),
  cost: ({ in: { x }, out: { y, indices }, attrs }) => ({
    flops: sizeOf(y) * pair(attrs.kernel)[0] * pair(attrs.kernel)[1],
    bytes: 4 * (sizeOf(x) + sizeOf(y) + (indices ? sizeOf(indices) : 0)),
  }),
  variants: {
    // One thread, four channels of an output pixel; window clipped once.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ out: { y } }) => [y[0] * y[2] * y[3] * blocksOf(y[1]), 1, 1],
    },
    // As naive, on activations stored as f16 and without indices.
    f16: {
      wgsl: "f16",
      workgroup: [64, 1, 1],
      precision: "f16",
      layouts: { x: "nhwc4-f16", y: "nhwc4-f16" },
      when: ({ attrs }) => !attrs.indices,
      overrides: windowOf,
      threads: ({ out: { y } }) => [y[0] * y[2] * y[3] * blocksOf(y[1]), 1, 1],
    },
    // As naive, between textures and without indices: for software adapters.
    texture: {
      wgsl: "texture",
      workgroup: [8, 8, 1],
      layouts: { x: "tex4", y: "tex4" },
      when: ({ in: { x }, out: { y }, attrs }, { software }) =>
        software && !attrs.indices && fitsTexture(x) && fitsTexture(y),
      overrides: windowOf,
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
