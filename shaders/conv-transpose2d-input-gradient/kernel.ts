/**
 * The gradient of conv-transpose2d at its input: dx[i] = sum over o and taps of weight[i][o][tap] * dy[o], at the pixel
 * of the cropped output that the tap reaches. It is a convolution of dy with the same weight and stride.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose2d.html
 */
import { checkGroups, checkOutputSize, weightSizes } from "../../src/kernel/checks.js";
import { pixelsOf, threadPerValue, threadPerVec4, vec4sOf } from "../../src/kernel/feature-map.js";
import { checkGradientChannels, checkTransposedGradient } from "../../src/kernel/gradients.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { outputTiles } from "../../src/kernel/packings.js";
import { pair, u32 } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import { elements } from "../../src/kernel/shape.js";
import { windowUniforms } from "../../src/kernel/window.js";
import { conv2d as convShaders, convTranspose2dInputGradient as ownShaders } from "../wgsl.generated.js";
import { transposedInputLanes } from "./lanes.js";
import { isPerChannel } from "./problem.js";
import { strips } from "./strips.js";

const NAME = "conv-transpose2d-input-gradient";
/** Threads that share a window. */
const WINDOW_THREADS = 64;

/** Gradient of a transposed convolution's input, dense or per channel. */
export const convTranspose2dInputGradient = defineKernel({
  name: NAME,
  shaders: { ...ownShaders, lanes: convShaders.lanes as string },
  inputs: {
    /** The gradient of the cropped output. */
    dy: { role: "tensor", layout: "nhwc4" },
    /** As conv-transpose2d has it: [in, out/groups, kh, kw]. */
    weight: { role: "weight" },
  },
  outputs: { dx: { role: "tensor", layout: "nhwc4" } },
  attrs: {
    stride: 1 as Pair,
    padding: 0 as Pair,
    groups: 1,
    crop_offset: 0 as Pair,
    /** Rows and columns of x: a crop maps several sizes to one. */
    height: 0,
    width: 0,
  },

  shape({ dy, weight }, attrs) {
    const [inC, groupOut, kernelH, kernelW] = weightSizes(NAME, weight, "[in, out/groups, kh, kw]");
    checkGroups(NAME, weight, { groups: attrs.groups, channels: inC, side: "input" });
    checkGradientChannels(NAME, dy, groupOut * attrs.groups, weight);
    checkOutputSize(NAME, attrs.height, attrs.width);
    const dx = [dy[0], inC, attrs.height, attrs.width] as const;
    checkTransposedGradient(NAME, dx, dy, { ...attrs, kernel: [kernelH, kernelW] });
    return { dx };
  },
  // Uniforms alone, so that layers share a pipeline.
  params: ({ in: { dy, weight }, out: { dx }, attrs }) => ({
    x_h: u32(dx[2]),
    x_w: u32(dx[3]),
    y_h: u32(dy[2]),
    y_w: u32(dy[3]),
    pixels: u32(pixelsOf(dx)),
    crop_top: u32(pair(attrs.crop_offset)[0]),
    crop_left: u32(pair(attrs.crop_offset)[1]),
    in_c: u32(weight[0] as number),
    out_c: u32(dy[1]),
    ...windowUniforms({ ...attrs, kernel: [weight[2] as number, weight[3] as number] }),
    groups: u32(attrs.groups),
  }),
  overrides: () => ({}),
  cost: ({ in: { dy, weight }, out: { dx } }) => ({
    flops: 2 * sizeOf(dx) * (elements(weight) / (weight[0] as number)),
    bytes: 4 * (sizeOf(dy) + elements(weight) + sizeOf(dx)),
  }),
  variants: {
    // One thread per value; visits every tap. The one to read first. Serves groups.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ out: { dx } }) => threadPerValue(dx),
    },
    // Four channels of a pixel per thread, vec4 loads.
    dense: {
      wgsl: "dense",
      workgroup: [64, 1, 1],
      packing: { weight: outputTiles({ tile: 4 }) },
      when: ({ attrs }) => attrs.groups === 1,
      threads: ({ out: { dx } }) => threadPerVec4(dx),
    },
    // A workgroup per pixel, each channel from itself alone. For the large windows of bilinear kernels on GPUs.
    "per-channel": {
      wgsl: "per-channel",
      workgroup: [WINDOW_THREADS, 1, 1],
      when: isPerChannel,
      prefer: (_, device) => !device.software,
      threads: ({ out: { dx } }) => [vec4sOf(dx) * WINDOW_THREADS, 1, 1],
    },
    // Four neighbouring pixels per thread, each channel from itself alone. Wins on software adapters.
    strips,
    // Pixels on the lanes of a subgroup, operands in textures. Win on software adapters.
    ...transposedInputLanes,
  },
});
