/**
 * The inverse of max-pool2d as far as there is one: every value goes back to where its maximum was, all else is zero
 * (SegNet, DeconvNet). Written as a gather, so that the result does not depend on the order of threads: an output pixel
 * asks only the windows that cover it, and where two of them chose the same pixel the last one wins, as in a serial
 * scatter. `indices` must therefore come from a pooling with this kernel, stride and padding over a plane of the
 * output's size. An index outside its window is not found.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool2d.html
 */
import { badShape } from "../../src/base/errors.js";
import { checkWholeNumbers, sameShape } from "../../src/kernel/checks.js";
import { mapParams, threadPerVec4 } from "../../src/kernel/feature-map.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { pair } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import { formatShape } from "../../src/kernel/shape.js";
import type { Nchw } from "../../src/kernel/shape.js";
import { axisName, poolStride, windowConstants } from "../../src/kernel/window.js";
import type { Axis } from "../../src/kernel/window.js";
import { maxUnpool2d as shaders } from "../wgsl.generated.js";

interface UnpoolAttrs {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
}

/** Rows or columns of the output: `wanted`, or the default where that is 0. @throws bad-shape */
function outputSize(axis: Axis, x: Nchw, attrs: UnpoolAttrs, wanted: number): number {
  const kernel = pair(attrs.kernel)[axis];
  const stride = pair(poolStride(attrs.kernel, attrs.stride))[axis];
  const padding = pair(attrs.padding)[axis];
  const size = ((x[2 + axis] as number) - 1) * stride - 2 * padding + kernel;
  // Pooling rounds down: sizes less than a stride apart pool to the same size.
  const poolsToX = Number.isInteger(wanted) && wanted > size - stride && wanted < size + stride;
  if (wanted !== 0 && !poolsToX) {
    const range = `${Math.max(1, size - stride + 1)} to ${size + stride - 1}`;
    throw badShape(`max-unpool2d: x ${formatShape(x)} needs ${range} output ${axisName(axis)}, got ${wanted}`);
  }
  const output = wanted || size;
  if (output < 1) {
    const window = `kernel ${kernel}, stride ${stride}, padding ${padding}`;
    const made = `gives ${output} ${axisName(axis)}, needs at least 1`;
    throw badShape(`max-unpool2d: x ${formatShape(x)} with ${window} ${made}`);
  }
  return output;
}

/** Puts pooled values back where their maxima were, zero elsewhere. */
export const maxUnpool2d = defineKernel({
  name: "max-unpool2d",
  shaders,
  inputs: {
    x: { role: "tensor", layout: "nhwc4" },
    indices: { role: "tensor", layout: "nhwc4-u32" },
  },
  outputs: { y: { role: "tensor", layout: "nhwc4" } },
  attrs: {
    kernel: 2 as Pair,
    /** 0: the kernel's size. */
    stride: 0 as Pair,
    padding: 0 as Pair,
    /** 0: (in - 1) * stride - 2 * padding + kernel. */
    output_h: 0,
    output_w: 0,
  },

  shape({ x, indices }, attrs) {
    if (!sameShape(indices, x)) {
      throw badShape(`max-unpool2d: indices ${formatShape(indices)} needs the shape of x ${formatShape(x)}`);
    }
    const { kernel, stride, padding } = attrs;
    checkWholeNumbers("max-unpool2d", { kernel, stride, padding }, { kernel: 1, stride: 0, padding: 0 });
    const height = outputSize(0, x, attrs, attrs.output_h);
    const width = outputSize(1, x, attrs, attrs.output_w);
    return { y: [x[0], x[1], height, width] };
  },
  params: ({ in: { x }, out: { y } }) => mapParams(x, y),
  overrides: ({ in: { x }, attrs }) => ({
    CHANNELS: x[1],
    ...windowConstants({ ...attrs, stride: poolStride(attrs.kernel, attrs.stride) }),
  }),
  cost: ({ in: { x }, out: { y } }) => ({ flops: 0, bytes: 4 * (2 * sizeOf(x) + sizeOf(y)) }),
  variants: {
    // Four channels of an output pixel per thread; asks the windows that cover it.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ out: { y } }) => threadPerVec4(y),
    },
  },
});
