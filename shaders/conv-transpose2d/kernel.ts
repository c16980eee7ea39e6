/**
 * 2-D transposed convolution (PyTorch's conv_transpose2d) with an optional crop and an optional residual added in the
 * store. It is the "deconvolution" that brings FCN scores to the size of a skip, and adds that, or to the size of the
 * picture. Dense (groups 1): learned upscore kernels. Per channel (groups = channels): the fixed bilinear kernel, which
 * takes 4 products per output value instead of 4 * channels.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose2d.html
 */
import { badShape } from "../../src/base/errors.js";
import { checkBias, checkGroups, checkInputChannels, checkResidual, weightSizes } from "../../src/kernel/checks.js";
import { mapParams, threadPerValue, threadPerVec4 } from "../../src/kernel/feature-map.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { channelBlocks, outputTiles } from "../../src/kernel/packings.js";
import { pair, u32 } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import { ceilDiv, convTransposeOutputSize, elements, formatShape } from "../../src/kernel/shape.js";
import type { Nchw } from "../../src/kernel/shape.js";
import { axisName, dilatedWindowConstants, isUndilated, windowAlong } from "../../src/kernel/window.js";
import type { Axis } from "../../src/kernel/window.js";
import { conv2d as convShaders, convTranspose2d as ownShaders } from "../wgsl.generated.js";
import { transposeLanesVariants } from "./lanes.js";

interface CropAttrs {
  readonly crop: Pair;
  readonly crop_offset: Pair;
}

/** Rows or columns that the crop keeps of `full`. @throws bad-shape when it reaches outside */
function croppedSize(axis: Axis, full: number, attrs: CropAttrs, x: Nchw): number {
  const offset = pair(attrs.crop_offset)[axis];
  const size = pair(attrs.crop)[axis] || full - offset;
  const isWhole = Number.isInteger(offset) && Number.isInteger(size);
  if (!isWhole || offset < 0 || size < 1 || offset + size > full) {
    const made = `the ${full} ${axisName(axis)} made from x ${formatShape(x)}`;
    throw badShape(`conv-transpose2d: crop of ${size} from ${offset} does not fit in ${made}`);
  }
  return size;
}

/** Transposed convolution with crop, dense or per channel. */
export const convTranspose2d = defineKernel({
  name: "conv-transpose2d",
  shaders: { ...ownShaders, lanes: convShaders.lanes as string },
  inputs: {
    x: { role: "tensor", layout: "nhwc4" },
    weight: { role: "weight" },
    bias: { role: "weight", optional: true },
    /** Added to the cropped result: the skip connection. */
    residual: { role: "tensor", layout: "nhwc4", optional: true },
  },
  outputs: { y: { role: "tensor", layout: "nhwc4" } },
  attrs: {
    stride: 1 as Pair,
    padding: 0 as Pair,
    output_padding: 0 as Pair,
    dilation: 1 as Pair,
    groups: 1,
    /** Rows and columns to keep, from `crop_offset` on. 0 keeps all. */
    crop: 0 as Pair,
    crop_offset: 0 as Pair,
  },

  shape({ x, weight, bias, residual }, attrs) {
    const [inC, groupOut, kernelH, kernelW] = weightSizes("conv-transpose2d", weight, "[in, out/groups, kh, kw]");
    checkInputChannels("conv-transpose2d", weight, inC, x);
    checkGroups("conv-transpose2d", weight, { groups: attrs.groups, channels: inC, side: "input" });
    const outC = groupOut * attrs.groups;
    checkBias("conv-transpose2d", bias, outC, weight);
    const size = (axis: Axis): number => {
      const window = windowAlong(axis, { ...attrs, kernel: [kernelH, kernelW] });
      const outputPadding = pair(attrs.output_padding)[axis];
      const full = convTransposeOutputSize(x[2 + axis] as number, { ...window, outputPadding });
      return croppedSize(axis, full, attrs, x);
    };
    const y = [x[0], outC, size(0), size(1)] as const;
    checkResidual("conv-transpose2d", residual, y);
    return { y };
  },
  params: ({ in: { x }, out: { y }, attrs }) => ({
    ...mapParams(x, y),
    crop_top: u32(pair(attrs.crop_offset)[0]),
    crop_left: u32(pair(attrs.crop_offset)[1]),
  }),
  overrides: ({ in: { x, weight, bias, residual }, out: { y }, attrs }) => ({
    IN_C: x[1],
    OUT_C: y[1],
    ...dilatedWindowConstants({ ...attrs, kernel: [weight[2] as number, weight[3] as number] }),
    GROUPS: attrs.groups,
    HAS_BIAS: bias ? 1 : 0,
    HAS_RESIDUAL: residual ? 1 : 0,
  }),
  cost: ({ in: { x, weight, residual }, out: { y }, attrs }) => {
    const [strideH, strideW] = pair(attrs.stride);
    const tapsPerOutput = ceilDiv(weight[2] as number, strideH) * ceilDiv(weight[3] as number, strideW);
    return {
      flops: 2 * sizeOf(y) * tapsPerOutput * (x[1] / attrs.groups),
      bytes: 4 * (sizeOf(x) + elements(weight) + sizeOf(y) + (residual ? sizeOf(residual) : 0)),
    };
  },
  variants: {
    // One thread per output value; asks of every tap whether it meets an input pixel. Serves groups and dilation.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ out: { y } }) => threadPerValue(y),
    },
    // Four output channels of a pixel per thread; visits only the taps that meet an input pixel. Wins on GPUs.
    dense: {
      wgsl: "dense",
      workgroup: [64, 1, 1],
      packing: { weight: outputTiles({ tile: 4, order: "in-out" }) },
      when: ({ attrs }) => attrs.groups === 1 && isUndilated(attrs.dilation),
      threads: ({ out: { y } }) => threadPerVec4(y),
    },
    // Four channels of a pixel per thread, each from itself alone. Wins for the fixed bilinear kernel: 2 x 2 taps.
    "per-channel": {
      wgsl: "per-channel",
      workgroup: [64, 1, 1],
      packing: { weight: channelBlocks() },
      when: ({ in: { x, weight }, attrs }) => attrs.groups === x[1] && weight[1] === 1 && isUndilated(attrs.dilation),
      threads: ({ out: { y } }) => threadPerVec4(y),
    },
    // Pixels on the lanes of a subgroup, operands in textures. Win on software adapters.
    ...transposeLanesVariants,
  },
});
