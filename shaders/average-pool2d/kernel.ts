/**
 * Average pooling as PyTorch's AvgPool2d: zeros around the input, which count in the divisor or do not. What hangs over
 * the far edge of the padding, with ceil_mode, never counts.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html
 */
import { checkWholeNumbers } from "../../src/kernel/checks.js";
import { mapParams, textureMapParams, threadPerTexelRun, threadPerVec4 } from "../../src/kernel/feature-map.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { pair } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import { fitsTexture } from "../../src/kernel/texture.js";
import { poolStride, pooledSize, windowConstants } from "../../src/kernel/window.js";
import { averagePool2d as shaders } from "../wgsl.generated.js";

/** 2-D average pooling, with or without the padding in the mean. */
export const averagePool2d = defineKernel({
  name: "average-pool2d",
  shaders,
  inputs: { x: { role: "tensor", layout: "nhwc4" } },
  outputs: { y: { role: "tensor", layout: "nhwc4" } },
  attrs: {
    kernel: 2 as Pair,
    /** 0: the kernel's size. */
    stride: 0 as Pair,
    padding: 0 as Pair,
    /** Rounds the output size up: a last window may hang over the far edge. */
    ceil_mode: false as boolean,
    /** Whether the divisor counts the zeros of the padding. */
    count_include_pad: true as boolean,
  },

  shape({ x }, attrs) {
    const { kernel, stride, padding } = attrs;
    checkWholeNumbers("average-pool2d", { kernel, stride, padding }, { kernel: 1, stride: 0, padding: 0 });
    const window = { ...attrs, dilation: 1 };
    return {
      y: [x[0], x[1], pooledSize("average-pool2d", 0, x, window), pooledSize("average-pool2d", 1, x, window)],
    };
  },
  params: ({ in: { x }, out: { y } }) => mapParams(x, y),
  overrides: ({ in: { x }, attrs }) => ({
    CHANNELS: x[1],
    ...windowConstants({ ...attrs, stride: poolStride(attrs.kernel, attrs.stride) }),
    COUNT_PADDING: attrs.count_include_pad ? 1 : 0,
  }),
  cost: ({ in: { x }, out: { y }, attrs }) => ({
    flops: sizeOf(y) * (pair(attrs.kernel)[0] * pair(attrs.kernel)[1] + 1),
    bytes: 4 * (sizeOf(x) + sizeOf(y)),
  }),
  variants: {
    // Four channels of an output pixel per thread; the window is clipped once.
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
      params: ({ in: { x }, out: { y } }) => textureMapParams(x, y),
      threads: ({ out: { y } }) => threadPerTexelRun(y),
    },
  },
});
