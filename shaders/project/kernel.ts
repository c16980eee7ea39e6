/**
 * The 1x1 class projection of an FCN ("score" layer): every pixel's feature vector to one logit per class. A convolution in
 * name, a matrix product in fact: few outputs, long inputs, no window.
 * https://arxiv.org/abs/1411.4038 (section 4.1)
 */
import { badShape } from "../../src/base/errors.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { fitsTexture, fitsWeights, sizeOf, textureColumns } from "../../src/kernel/layout.js";
import type { Nchw } from "../../src/kernel/layout.js";
import { outputTiles, tileTexels } from "../../src/kernel/packings.js";
import { u32 } from "../../src/kernel/problem.js";
import { blocksOf, ceilDiv, elements, formatShape } from "../../src/kernel/shape.js";
import type { Shape } from "../../src/kernel/shape.js";
import type { DeviceTraits, Precision, KernelVariant } from "../../src/kernel/variant.js";
import { project as shaders } from "../wgsl.generated.js";

/** Pixels and classes that a thread of lanes.wgsl keeps in registers. With 24 the loops are not unrolled and the sums leave the registers. */
const LANES_TP = 4;
const LANES_TC = 16;

type ProjectProblem = {
  readonly in: { readonly x: Nchw; readonly weight: Shape; readonly bias: Shape | undefined };
  readonly out: { readonly y: Nchw };
};

/** Pixels on the lanes of a subgroup, operands in storage textures: for software adapters. */
const lanes = (subgroup: number) => ({
  wgsl: "lanes",
  workgroup: [subgroup, 1, 1] as const,
  features: ["subgroups"],
  subgroupSize: subgroup,
  consts: { LANES: subgroup, TC: LANES_TC },
  layouts: { x: "tex4", y: "tex4" } as const,
  packing: { weight: outputTiles({ tile: LANES_TC, storage: "texture" }) },
  fixedGrid: true as const,
  when: ({ in: { x, weight }, out: { y } }: ProjectProblem, device: DeviceTraits): boolean =>
    device.software && fitsTexture(x) && fitsTexture(y) && fitsWeights(tileTexels(weight, LANES_TC)),
  overrides: () => ({}),
  params: ({ in: { x, bias }, out: { y } }: ProjectProblem) => ({
    width: u32(x[3]),
    height: u32(x[2]),
    in_blocks: u32(blocksOf(x[1])),
    in_columns: u32(textureColumns(x)),
    out_blocks: u32(blocksOf(y[1])),
    out_columns: u32(textureColumns(y)),
    pixels: u32(x[0] * x[2] * x[3]),
    has_bias: u32(bias ? 1 : 0),
  }),
  threads: ({ out: { y } }: ProjectProblem) =>
    [ceilDiv(y[0] * y[2] * y[3], LANES_TP * subgroup) * subgroup, ceilDiv(y[1], LANES_TC), 1] as const,
});

/** Pixels and class blocks of a workgroup of split.wgsl, and its threads. */
const SPLIT = { pixels: 4, blocks: 8, threads: 256 };

/** Sums split among 32 threads of a workgroup: for GPUs. */
const split = (precision: Precision): KernelVariant<ProjectProblem> => ({
  wgsl: precision === "f16" ? "split-f16" : "split",
  workgroup: [SPLIT.threads, 1, 1],
  packing: { weight: outputTiles({ tile: 4 }) },
  prefer: (_, { software }) => precision === "f16" || !software,
  overrides: () => ({}),
  params: ({ in: { x, bias }, out: { y } }) => ({
    pixels: u32(x[0] * x[2] * x[3]),
    in_blocks: u32(blocksOf(x[1])),
    class_blocks: u32(blocksOf(y[1])),
    has_bias: u32(bias ? 1 : 0),
  }),
  threads: ({ out: { y } }) => [
    ceilDiv(y[0] * y[2] * y[3], SPLIT.pixels) * ceilDiv(blocksOf(y[1]), SPLIT.blocks) * SPLIT.threads,
    1,
    1,
  ],
  ...(precision === "f16" && { precision, layouts: { x: "nhwc4-f16" } }),
});

/** 1x1 class projection: features to one logit per class. */
export const project = defineKernel({
  name: "project",
  shaders,
  inputs: {
    x: { role: "tensor", layout: "nhwc4" },
    weight: { role: "weight" },
    bias: { role: "weight", optional: true },
  },
  outputs: { y: { role: "tensor", layout: "nhwc4" } },
  attrs: {},

  shape({ x, weight, bias }) {
    const [classes, inC, ...window] = weight as readonly number[];
    if (
      classes === undefined ||
      inC === undefined ||
      window.some((k) => k !== 1) ||
      (window.length !== 0 && window.length !== 2)
    ) {
      throw badShape(`project: weight ${formatShape(weight)} needs the shape [classes, in, 1, 1] or [classes, in]`);
    }
    if (inC !== x[1])
      throw badShape(
        `project: weight ${formatShape(weight)} needs ${inC} input channels, x ${formatShape(x)} has ${x[1]}`,
      );
    if (bias && elements(bias) !== classes)
      throw badShape(`project: bias ${formatShape(bias)} needs ${classes} values for weight ${formatShape(weight)}`);
    return { y: [x[0], classes, x[2], x[3]] };
  },
  params: ({ in: { x } }) => ({ pixels: u32(x[0] * x[2] * x[3]) }),
  overrides: ({ in: { x, bias }, out: { y } }) => ({ IN_C: x[1], CLASSES: y[1], HAS_BIAS: bias ? 1 : 0 }),
  cost: ({ in: { x, weight }, out: { y } }) => ({
    flops: 2 * sizeOf(y) * x[1],
    bytes: 4 * (sizeOf(x) + elements(weight) + sizeOf(y)),
  }),
  variants: {
    // One thread, one logit.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ out: { y } }) => [y[0] * y[2] * y[3] * blocksOf(y[1]) * 4, 1, 1],
    },
    // One thread, four classes of a pixel, four features at a time.
    vec4: {
      wgsl: "vec4",
      workgroup: [64, 1, 1],
      packing: { weight: outputTiles({ tile: 4 }) },
      threads: ({ out: { y } }) => [y[0] * y[2] * y[3] * blocksOf(y[1]), 1, 1],
    },
    split: split("f32"),
    "split-f16": split("f16"),
    "lanes-4": lanes(4),
    "lanes-8": lanes(8),
  },
});
