/**
 * The gradient of max-pool2d, from the indices that it gives: each value of dy goes to the pixel that was the maximum,
 * and where several windows chose one pixel their values are added up. Written as a gather: a pixel asks the windows
 * that cover it, always in the same order. `indices` must come from a pooling with these attributes over a plane of
 * height x width. An index outside its window is not found.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool2d.html
 */
import { badShape } from "../../src/base/errors.js";
import { checkOutputSize, checkWholeNumbers, sameShape } from "../../src/kernel/checks.js";
import { threadPerVec4 } from "../../src/kernel/feature-map.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { pair, u32 } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import { blocksOf, ceilDiv, formatShape } from "../../src/kernel/shape.js";
import { dilatedWindowConstants, poolStride, pooledSize } from "../../src/kernel/window.js";
import { maxPool2dGradient as shaders } from "../wgsl.generated.js";

const NAME = "max-pool2d-gradient";

/** Gradient of 2-D max pooling. */
export const maxPool2dGradient = defineKernel({
  name: NAME,
  shaders,
  inputs: {
    dy: { role: "tensor", layout: "nhwc4" },
    indices: { role: "tensor", layout: "nhwc4-u32" },
  },
  outputs: { dx: { role: "tensor", layout: "nhwc4" } },
  attrs: {
    kernel: 2 as Pair,
    /** 0: the kernel's size. */
    stride: 0 as Pair,
    padding: 0 as Pair,
    dilation: 1 as Pair,
    ceil_mode: false as boolean,
    /** Rows of the input that was pooled. */
    height: 0,
    /** Its columns. */
    width: 0,
  },

  shape({ dy, indices }, attrs) {
    const { kernel, stride, padding, dilation, height, width } = attrs;
    const least = { kernel: 1, stride: 0, padding: 0, dilation: 1 };
    checkWholeNumbers(NAME, { kernel, stride, padding, dilation }, least);
    checkOutputSize(NAME, height, width);
    if (!sameShape(indices, dy)) {
      throw badShape(`${NAME}: indices ${formatShape(indices)} needs the shape of dy ${formatShape(dy)}`);
    }
    const dx = [dy[0], dy[1], height, width] as const;
    const pooled = [dy[0], dy[1], pooledSize(NAME, 0, dx, attrs), pooledSize(NAME, 1, dx, attrs)] as const;
    if (!sameShape(pooled, dy)) {
      throw badShape(`${NAME}: dy ${formatShape(dy)} needs the shape ${formatShape(pooled)} for x ${formatShape(dx)}`);
    }
    return { dx };
  },
  params: ({ in: { dy }, out: { dx } }) => ({
    out_h: u32(dy[2]),
    out_w: u32(dy[3]),
    height: u32(dx[2]),
    width: u32(dx[3]),
    images: u32(dx[0]),
    blocks: u32(blocksOf(dx[1])),
  }),
  overrides: ({ attrs }) => dilatedWindowConstants({ ...attrs, stride: poolStride(attrs.kernel, attrs.stride) }),
  cost: ({ in: { dy }, out: { dx }, attrs }) => ({
    flops: sizeOf(dy) * pair(attrs.kernel)[0] * pair(attrs.kernel)[1],
    bytes: 4 * (2 * sizeOf(dy) + sizeOf(dx)),
  }),
  variants: {
    // Four channels of a pixel per thread.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ out: { dx } }) => threadPerVec4(dx),
    },
    // Four channels of 2 x 2 pixels per thread, which ask each window once.
    quads: {
      wgsl: "quads",
      workgroup: [64, 1, 1],
      threads: ({ out: { dx } }) => threadPerVec4([dx[0], dx[1], ceilDiv(dx[2], 2), ceilDiv(dx[3], 2)]),
    },
  },
});
