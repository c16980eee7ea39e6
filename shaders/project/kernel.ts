/**
 * The 1x1 class projection of an FCN ("score" layer): maps every pixel's feature vector to one logit per class. It is a
 * convolution by name and a matrix product in fact: few outputs, long sums, no window.
 * https://arxiv.org/abs/1411.4038 (section 4.1)
 */
import { badShape } from "../../src/base/errors.js";
import { checkBias, checkInputChannels } from "../../src/kernel/checks.js";
import { pixelsOf, threadPerValue, threadPerVec4 } from "../../src/kernel/feature-map.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { outputTiles } from "../../src/kernel/packings.js";
import { u32 } from "../../src/kernel/problem.js";
import { blocksOf, ceilDiv, elements, formatShape } from "../../src/kernel/shape.js";
import type { Shape } from "../../src/kernel/shape.js";
import type { KernelVariant, Precision } from "../../src/kernel/variant.js";
import { conv2d as convShaders, project as ownShaders } from "../wgsl.generated.js";
import { projectLanes } from "./lanes.js";
import type { ProjectProblem } from "./lanes.js";

/** Pixels and class blocks of a workgroup of split.wgsl and split-f16.wgsl, and its threads. */
const SPLIT = { pixels: 4, blocks: 8, threads: 256 };

const split = (precision: Precision): KernelVariant<ProjectProblem> => ({
  wgsl: precision === "f16" ? "split-f16" : "split",
  workgroup: [SPLIT.threads, 1, 1],
  packing: { weight: outputTiles({ tile: 4 }) },
  prefer: (_, { software }) => precision === "f16" || !software,
  threads({ out: { y } }) {
    const workgroups = ceilDiv(pixelsOf(y), SPLIT.pixels) * ceilDiv(blocksOf(y[1]), SPLIT.blocks);
    return [workgroups * SPLIT.threads, 1, 1];
  },
  ...(precision === "f16" && { precision, layouts: { x: "nhwc4-f16" } }),
});

/** Classes and features of a weight [classes, in, 1, 1] or [classes, in]. @throws bad-shape for any other shape */
function projectionSizes(weight: Shape): readonly [classes: number, features: number] {
  const [classes, features, ...window] = weight;
  const isMatrix = window.length === 0;
  const isPointwise = window.length === 2 && window.every((size) => size === 1);
  if (classes === undefined || features === undefined || !(isMatrix || isPointwise)) {
    throw badShape(`project: weight ${formatShape(weight)} needs the shape [classes, in, 1, 1] or [classes, in]`);
  }
  return [classes, features];
}

/** 1x1 class projection: features to one logit per class. */
export const project = defineKernel({
  name: "project",
  shaders: { ...ownShaders, lanes: convShaders.lanes as string },
  inputs: {
    x: { role: "tensor", layout: "nhwc4" },
    weight: { role: "weight" },
    bias: { role: "weight", optional: true },
  },
  outputs: { y: { role: "tensor", layout: "nhwc4" } },
  attrs: {},

  shape({ x, weight, bias }) {
    const [classes, features] = projectionSizes(weight);
    checkInputChannels("project", weight, features, x);
    checkBias("project", bias, classes, weight);
    return { y: [x[0], classes, x[2], x[3]] };
  },
  // Every size is a uniform, so that networks share pipelines.
  params: ({ in: { x, bias }, out: { y } }) => ({
    pixels: u32(pixelsOf(x)),
    in_blocks: u32(blocksOf(x[1])),
    class_blocks: u32(blocksOf(y[1])),
    has_bias: u32(bias ? 1 : 0),
  }),
  overrides: () => ({}),
  cost: ({ in: { x, weight }, out: { y } }) => ({
    flops: 2 * sizeOf(y) * x[1],
    bytes: 4 * (sizeOf(x) + elements(weight) + sizeOf(y)),
  }),
  variants: {
    // One thread per logit. The one to read first.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      overrides: ({ in: { x }, out: { y } }) => ({ IN_C: x[1], CLASSES: y[1] }),
      threads: ({ out: { y } }) => threadPerValue(y),
    },
    // Four classes of a pixel per thread, four features at a time. The fallback on software adapters without lanes.
    vec4: {
      wgsl: "vec4",
      workgroup: [64, 1, 1],
      packing: { weight: outputTiles({ tile: 4 }) },
      threads: ({ out: { y } }) => threadPerVec4(y),
    },
    // 32 threads share each sum. Win on GPUs, where one thread per result would leave most of the GPU idle.
    split: split("f32"),
    "split-f16": split("f16"),
    // Pixels on the lanes of a subgroup, operands in textures. Win on software adapters.
    ...projectLanes,
  },
});
