/**
 * 1 / (1 + exp(-x)): the probability of a class whose logit is x. NaN stays NaN.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.sigmoid.html
 */
import { texelParams, threadPerTexelRun, threadPerVec4, vec4sOf } from "../../src/kernel/feature-map.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { u32 } from "../../src/kernel/problem.js";
import { fitsTexture } from "../../src/kernel/texture.js";
import { sigmoid as shaders } from "../wgsl.generated.js";

/** Logistic function: 1 / (1 + exp(-x)). */
export const sigmoid = defineKernel({
  name: "sigmoid",
  shaders,
  inputs: { x: { role: "tensor", layout: "nhwc4" } },
  outputs: { y: { role: "tensor", layout: "nhwc4" } },
  attrs: {},

  shape: ({ x }) => ({ y: x }),
  params: ({ in: { x } }) => ({ blocks: u32(vec4sOf(x)), channels: u32(x[1]) }),
  overrides: () => ({}),
  cost: ({ in: { x } }) => ({ flops: 4 * sizeOf(x), bytes: 8 * sizeOf(x) }),
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
      params: ({ in: { x } }) => texelParams(x),
      threads: ({ in: { x } }) => threadPerTexelRun(x),
    },
  },
});
