/**
 * x where it is positive, slope * x elsewhere. NaN stays NaN.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.leaky_relu.html
 */
import { threadPerTexelRun, threadPerVec4, vec4sOf } from "../../src/kernel/feature-map.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { f32, u32 } from "../../src/kernel/problem.js";
import { fitsTexture, planes } from "../../src/kernel/texture.js";
import { leakyRelu as shaders } from "../wgsl.generated.js";

/** Leaky rectified linear unit. */
export const leakyRelu = defineKernel({
  name: "leaky-relu",
  shaders,
  inputs: { x: { role: "tensor", layout: "nhwc4" } },
  outputs: { y: { role: "tensor", layout: "nhwc4" } },
  attrs: { slope: 0.01 },

  shape: ({ x }) => ({ y: x }),
  params: ({ in: { x }, attrs }) => ({ blocks: u32(vec4sOf(x)), slope: f32(attrs.slope) }),
  overrides: () => ({}),
  cost: ({ in: { x } }) => ({ flops: 2 * sizeOf(x), bytes: 8 * sizeOf(x) }),
  variants: {
    // Four channels of a pixel per thread.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ in: { x } }) => threadPerVec4(x),
    },
    // As naive, on activations stored as f16.
    f16: {
      wgsl: "f16",
      workgroup: [64, 1, 1],
      precision: "f16",
      layouts: { x: "nhwc4-f16", y: "nhwc4-f16" },
      threads: ({ in: { x } }) => threadPerVec4(x),
    },
    // As naive, between textures. Wins on software adapters, whose convolutions read and write textures.
    texture: {
      wgsl: "texture",
      workgroup: [8, 8, 1],
      layouts: { x: "tex4", y: "tex4" },
      when: ({ in: { x } }, { software }) => software && fitsTexture(x),
      params: ({ in: { x }, attrs }) => ({
        width: u32(planes(x).width),
        height: u32(planes(x).height),
        slope: f32(attrs.slope),
      }),
      threads: ({ in: { x } }) => threadPerTexelRun([1, 1, planes(x).height, planes(x).width]),
    },
  },
});
