/**
 * Max pooling as PyTorch's max_pool2d: padding counts as -Infinity, the first of equal values wins, NaN wins over
 * everything (the last of several), and a window that dilation places between the pixels is -Infinity. With `indices`
 * it also gives the position of each maximum, as row * W + column of the input plane, which max-unpool2d reads.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool2d.html
 */
import { checkWholeNumbers } from "../../src/kernel/checks.js";
import { mapParams, textureMapParams, threadPerTexel, threadPerVec4 } from "../../src/kernel/feature-map.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { pair } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import type { Nchw } from "../../src/kernel/shape.js";
import { fitsTexture } from "../../src/kernel/texture.js";
import { dilatedWindowConstants, poolStride, pooledSize } from "../../src/kernel/window.js";
import type { PoolAttrs } from "../../src/kernel/window.js";
import { maxPool2d as shaders } from "../wgsl.generated.js";

const overridesOf = ({ in: { x }, attrs }: { readonly in: { readonly x: Nchw }; readonly attrs: PoolAttrs }) => ({
  CHANNELS: x[1],
  ...dilatedWindowConstants({ ...attrs, stride: poolStride(attrs.kernel, attrs.stride) }),
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
    const y = [x[0], x[1], pooledSize("max-pool2d", 0, x, attrs), pooledSize("max-pool2d", 1, x, attrs)] as const;
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
      params: ({ in: { x }, out: { y } }) => textureMapParams(x, y),
      threads: ({ out: { y } }) => threadPerTexel(y),
    },
  },
});
