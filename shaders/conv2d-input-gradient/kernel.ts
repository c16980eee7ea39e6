/**
 * The gradient of conv2d at its input: dx[i] = sum over o and taps of weight[o][i][tap] * dy[o], at the output pixel
 * that meets the input pixel with this tap. `residual` is another gradient of the same value and is added. `mask` is
 * that value where a ReLU made it: where it is 0 or less, the gradient is 0.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html
 */
import { checkOutputSize, weightSizes } from "../../src/kernel/checks.js";
import { pixelsOf, threadPerValue, threadPerVec4 } from "../../src/kernel/feature-map.js";
import { checkConvGradient, checkGradientChannels, checkGradientShape } from "../../src/kernel/gradients.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { outputTiles } from "../../src/kernel/packings.js";
import { pair, u32 } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import { elements } from "../../src/kernel/shape.js";
import { windowUniforms } from "../../src/kernel/window.js";
import { conv2dInputGradient as shaders } from "../wgsl.generated.js";
import { inputGradientLanes } from "./lanes.js";
import { tiled } from "./tiled.js";

/** Gradient of a convolution's input, with an optional residual and the mask of a ReLU. */
export const conv2dInputGradient = defineKernel({
  name: "conv2d-input-gradient",
  shaders,
  inputs: {
    dy: { role: "tensor", layout: "nhwc4" },
    /** As conv2d has it: [out, in, kh, kw]. */
    weight: { role: "weight" },
    mask: { role: "tensor", layout: "nhwc4", optional: true },
    residual: { role: "tensor", layout: "nhwc4", optional: true },
  },
  outputs: { dx: { role: "tensor", layout: "nhwc4" } },
  attrs: {
    stride: 1 as Pair,
    padding: 0 as Pair,
    dilation: 1 as Pair,
    /** Rows and columns of x: a stride maps several sizes to one. */
    height: 0,
    width: 0,
  },

  shape({ dy, weight, mask, residual }, attrs) {
    const [outC, inC, kernelH, kernelW] = weightSizes("conv2d-input-gradient", weight, "[out, in, kh, kw]");
    checkGradientChannels("conv2d-input-gradient", dy, outC, weight);
    checkOutputSize("conv2d-input-gradient", attrs.height, attrs.width);
    const dx = [dy[0], inC, attrs.height, attrs.width] as const;
    checkConvGradient("conv2d-input-gradient", dx, dy, { ...attrs, kernel: [kernelH, kernelW] });
    checkGradientShape("conv2d-input-gradient", "mask", mask, dx);
    checkGradientShape("conv2d-input-gradient", "residual", residual, dx);
    return { dx };
  },
  // Uniforms alone, so that layers share a pipeline.
  params: ({ in: { dy, weight, mask, residual }, out: { dx }, attrs }) => ({
    x_h: u32(dx[2]),
    x_w: u32(dx[3]),
    y_h: u32(dy[2]),
    y_w: u32(dy[3]),
    pixels: u32(pixelsOf(dx)),
    in_c: u32(weight[1] as number),
    out_c: u32(weight[0] as number),
    ...windowUniforms({ ...attrs, kernel: [weight[2] as number, weight[3] as number] }),
    dilation_h: u32(pair(attrs.dilation)[0]),
    dilation_w: u32(pair(attrs.dilation)[1]),
    has_mask: u32(mask ? 1 : 0),
    has_residual: u32(residual ? 1 : 0),
  }),
  overrides: () => ({}),
  cost: ({ in: { dy, weight, mask, residual }, out: { dx } }) => ({
    flops: 2 * sizeOf(dy) * (elements(weight) / (weight[0] as number)),
    bytes:
      4 * (sizeOf(dy) + elements(weight) + sizeOf(dx)) +
      4 * ((mask ? sizeOf(mask) : 0) + (residual ? sizeOf(residual) : 0)),
  }),
  variants: {
    // One thread per value; asks of every tap whether it meets an output pixel. The one to read first.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ out: { dx } }) => threadPerValue(dx),
    },
    // Four channels of a pixel per thread, vec4 loads.
    vec4: {
      wgsl: "vec4",
      workgroup: [64, 1, 1],
      packing: { weight: outputTiles({ tile: 4, order: "in-out" }) },
      threads: ({ out: { dx } }) => threadPerVec4(dx),
    },
    // A matrix product in tiles of workgroup memory. Made for GPUs.
    tiled,
    // Pixels on the lanes of a subgroup, operands in textures. Win on software adapters.
    ...inputGradientLanes,
  },
});
