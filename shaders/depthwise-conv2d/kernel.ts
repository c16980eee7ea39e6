/**
 * 2-D depthwise convolution: each channel is convolved with its own window (PyTorch's conv2d with as many groups as
 * channels), with the epilogue y = relu(conv(x) + bias), each part optional. ReLU6 clamps to 0 .. 6 in place of ReLU.
 * There is no batch norm: it is folded into weight and bias when a checkpoint is loaded. MobileNets are made of it.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html
 * https://arxiv.org/abs/1801.04381
 */
import { badShape } from "../../src/base/errors.js";
import { checkActivation, checkBias, checkInputChannels, weightSizes } from "../../src/kernel/checks.js";
import { mapParams, threadPerVec4 } from "../../src/kernel/feature-map.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { channelBlocks } from "../../src/kernel/packings.js";
import { u32 } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import { blocksOf, convOutputSize, elements, formatShape } from "../../src/kernel/shape.js";
import { dilatedWindowConstants, windowAlong } from "../../src/kernel/window.js";
import { depthwiseConv2d as shaders } from "../wgsl.generated.js";
import { depthwiseLanes } from "./lanes.js";
import { epilogueOverrides } from "./problem.js";
import { stripsVariant } from "./strips.js";

/** 2-D depthwise convolution with optional bias and ReLU or ReLU6 in the store. */
export const depthwiseConv2d = defineKernel({
  name: "depthwise-conv2d",
  shaders,
  inputs: {
    x: { role: "tensor", layout: "nhwc4" },
    weight: { role: "weight" },
    bias: { role: "weight", optional: true },
  },
  outputs: { y: { role: "tensor", layout: "nhwc4" } },
  attrs: {
    stride: 1 as Pair,
    padding: 0 as Pair,
    dilation: 1 as Pair,
    relu: false as boolean,
    relu6: false as boolean,
  },

  shape({ x, weight, bias }, attrs) {
    const [channels, ofEach, kernelH, kernelW] = weightSizes("depthwise-conv2d", weight, "[channels, 1, kh, kw]");
    if (ofEach !== 1) {
      const got = `weight ${formatShape(weight)} has ${ofEach} input channels for each output`;
      throw badShape(`depthwise-conv2d: ${got}, it needs 1: use conv2d`);
    }
    checkInputChannels("depthwise-conv2d", weight, channels, x);
    checkBias("depthwise-conv2d", bias, channels, weight);
    checkActivation("depthwise-conv2d", attrs);
    const window = { ...attrs, kernel: [kernelH, kernelW] } as const;
    const height = convOutputSize(x[2], windowAlong(0, window));
    const width = convOutputSize(x[3], windowAlong(1, window));
    return { y: [x[0], channels, height, width] };
  },
  params: ({ in: { x }, out: { y } }) => ({ ...mapParams(x, y), blocks: u32(blocksOf(x[1])) }),
  overrides: (problem) => {
    const [, , kernelH, kernelW] = problem.in.weight;
    const window = { ...problem.attrs, kernel: [kernelH as number, kernelW as number] } as const;
    return { ...dilatedWindowConstants(window), ...epilogueOverrides(problem) };
  },
  cost: ({ in: { x, weight }, out: { y } }) => ({
    flops: 2 * sizeOf(y) * (elements(weight) / (weight[0] as number)),
    bytes: 4 * (sizeOf(x) + elements(weight) + sizeOf(y)),
  }),
  variants: {
    // Four channels of a pixel per thread. The one to read first, and the only one for kernels that are not 3x3 or 5x5.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      packing: { weight: channelBlocks() },
      threads: ({ out: { y } }) => threadPerVec4(y),
    },
    // Four channels of eight pixels per thread. Win on GPUs, in f32 and f16.
    strips: stripsVariant("f32"),
    "strips-f16": stripsVariant("f16"),
    // Columns of pixels per thread, operands in textures. Wins on software adapters.
    lanes: depthwiseLanes,
  },
});
