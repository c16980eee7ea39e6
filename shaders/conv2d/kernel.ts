/**
 * 2-D convolution (cross-correlation, as PyTorch's conv2d) with the epilogue y = relu(conv(x) + bias + residual), each
 * part optional. ReLU6 clamps to 0 .. 6 in place of ReLU. There is no batch norm: it is folded into weight and bias
 * when a checkpoint is loaded.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html
 */
import {
  checkActivation,
  checkBias,
  checkGroups,
  checkInputChannels,
  checkResidual,
  weightSizes,
} from "../../src/kernel/checks.js";
import { mapParams, threadPerValue, threadPerVec4 } from "../../src/kernel/feature-map.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { outputTiles } from "../../src/kernel/packings.js";
import type { Pair } from "../../src/kernel/problem.js";
import { convOutputSize, elements } from "../../src/kernel/shape.js";
import { dilatedWindowConstants, windowAlong } from "../../src/kernel/window.js";
import { conv2d as shaders } from "../wgsl.generated.js";
import { convLanesVariants } from "./lanes.js";
import { sizeParams } from "./problem.js";
import { matrixVariants } from "./subgroup-matrix.js";
import { tiledVariants } from "./tiled.js";

/** 2-D convolution with optional bias, residual and ReLU or ReLU6 in the store. */
export const conv2d = defineKernel({
  name: "conv2d",
  shaders,
  inputs: {
    x: { role: "tensor", layout: "nhwc4" },
    weight: { role: "weight" },
    bias: { role: "weight", optional: true },
    residual: { role: "tensor", layout: "nhwc4", optional: true },
  },
  outputs: { y: { role: "tensor", layout: "nhwc4" } },
  attrs: {
    stride: 1 as Pair,
    padding: 0 as Pair,
    dilation: 1 as Pair,
    groups: 1,
    relu: false as boolean,
    relu6: false as boolean,
  },

  shape({ x, weight, bias, residual }, attrs) {
    const [outC, groupIn, kernelH, kernelW] = weightSizes("conv2d", weight, "[out, in/groups, kh, kw]");
    checkGroups("conv2d", weight, { groups: attrs.groups, channels: outC, side: "output" });
    checkInputChannels("conv2d", weight, groupIn * attrs.groups, x);
    checkBias("conv2d", bias, outC, weight);
    checkActivation("conv2d", attrs);
    const window = { ...attrs, kernel: [kernelH, kernelW] } as const;
    const height = convOutputSize(x[2], windowAlong(0, window));
    const width = convOutputSize(x[3], windowAlong(1, window));
    const y = [x[0], outC, height, width] as const;
    checkResidual("conv2d", residual, y);
    return { y };
  },
  params: ({ in: { x }, out: { y } }) => mapParams(x, y),
  overrides: ({ in: { x, weight, bias, residual }, attrs }) => ({
    IN_C: x[1],
    OUT_C: weight[0] as number,
    ...dilatedWindowConstants({ ...attrs, kernel: [weight[2] as number, weight[3] as number] }),
    GROUPS: attrs.groups,
    HAS_BIAS: bias ? 1 : 0,
    HAS_RESIDUAL: residual ? 1 : 0,
    RELU: attrs.relu || attrs.relu6 ? 1 : 0,
    RELU6: attrs.relu6 ? 1 : 0,
  }),
  cost: ({ in: { x, weight, residual }, out: { y } }) => ({
    flops: 2 * sizeOf(y) * (elements(weight) / (weight[0] as number)),
    bytes: 4 * (sizeOf(x) + elements(weight) + sizeOf(y) + (residual ? sizeOf(residual) : 0)),
  }),
  variants: {
    // One thread per output value; tests every tap. The one to read first, and the only one for groups.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ out: { y } }) => threadPerValue(y),
    },
    // Four output channels of a pixel per thread, vec4 loads. Wins where neither tiles nor lanes apply.
    vec4: {
      wgsl: "vec4",
      workgroup: [64, 1, 1],
      packing: { weight: outputTiles({ tile: 4 }) },
      overrides: () => ({}),
      params: sizeParams,
      when: ({ attrs }) => attrs.groups === 1,
      threads: ({ out: { y } }) => threadPerVec4(y),
    },
    // One matrix product in tiles of workgroup memory. Wins on GPUs, in f32 and f16.
    ...tiledVariants,
    // Tensor cores. Win in f16 where the device has them.
    ...matrixVariants,
    // Pixels on the lanes of a subgroup, operands in textures. Win on software adapters.
    ...convLanesVariants,
  },
});
