/**
 * 2-D convolution (cross-correlation, as PyTorch's conv2d) with the epilogue y = relu(conv(x) + bias + residual), each part
 * optional. Batch norm has no place here: it is folded into weight and bias when a checkpoint is loaded.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html
 */
import { badShape } from "../../src/base/errors.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { fitsTexture, fitsWeights, sizeOf, textureColumns } from "../../src/kernel/layout.js";
import { outputTiles, tileTexels } from "../../src/kernel/packings.js";
import { pair, u32 } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import { blocksOf, ceilDiv, convOutputSize, elements, formatShape } from "../../src/kernel/shape.js";
import type { DeviceTraits } from "../../src/kernel/variant.js";
import { conv2d as shaders } from "../wgsl.generated.js";
import { sizeParams } from "./problem.js";
import type { ConvProblem } from "./problem.js";
import { matrixVariants } from "./subgroup-matrix.js";
import { tiledVariants } from "./tiled.js";

/** What a thread of lanes.wgsl or lanes-wide.wgsl keeps in registers, and the lanes of a subgroup. */
interface Tile {
  readonly subgroup: 4 | 8;
  readonly pixels: number;
  readonly channels: number;
  /** Measured speed over that of 4 pixels x 16 channels where no thread is idle. */
  readonly speed: number;
}

/** Time of a convolution in multiply-adds of the plain tile; those of idle threads count. */
const timeOf = ({ out: { y } }: ConvProblem, { subgroup, pixels, channels, speed }: Tile): number =>
  (ceilDiv(y[0] * y[2] * y[3], pixels * subgroup) * pixels * ceilDiv(y[1], channels) * channels) / speed;

/** Pixels on lanes, operands in textures, for software adapters. One pipeline for every layer, so all sizes are uniforms. */
const lanes = (tile: Tile) => ({
  wgsl: "lanes",
  workgroup: [tile.subgroup, 1, 1] as const,
  features: ["subgroups"],
  subgroupSize: tile.subgroup,
  consts: { LANES: tile.subgroup, TP: tile.pixels, TC: tile.channels },
  layouts: { x: "tex4", residual: "tex4", y: "tex4" } as const,
  packing: { weight: outputTiles({ tile: tile.channels, storage: "texture" }) },
  fixedGrid: true as const,
  when: ({ in: { x, weight }, out: { y }, attrs }: ConvProblem, device: DeviceTraits): boolean =>
    device.software &&
    attrs.groups === 1 &&
    fitsTexture(x) &&
    fitsTexture(y) &&
    fitsWeights(tileTexels(weight, tile.channels)),
  overrides: () => ({}),
  params: (problem: ConvProblem) => ({
    ...sizeParams(problem),
    in_columns: u32(textureColumns(problem.in.x)),
    out_columns: u32(textureColumns(problem.out.y)),
  }),
  threads: ({ out: { y } }: ConvProblem) =>
    [
      ceilDiv(y[0] * y[2] * y[3], tile.pixels * tile.subgroup) * tile.subgroup,
      ceilDiv(y[1], tile.channels),
      1,
    ] as const,
});

const fourLanes: Tile = { subgroup: 4, pixels: 4, channels: 16, speed: 1 };
const fourLanesWide: Tile = { subgroup: 4, pixels: 7, channels: 32, speed: 1.3 };
const eightLanes: Tile = { subgroup: 8, pixels: 4, channels: 16, speed: 1 };
// 14 x 14 pixels are 25 times 8 lanes, of which four a thread would make 28.
const eightLanesFive: Tile = { ...eightLanes, pixels: 5 };

const faster =
  (tile: Tile, than: Tile) =>
  (problem: ConvProblem): boolean =>
    timeOf(problem, tile) < timeOf(problem, than);

/** lanes-wide.wgsl begins its inner loop anew with each tap, which is too dear where that loop is of one turn (the stem). */
const wide = (problem: ConvProblem): boolean =>
  blocksOf(problem.in.x[1]) > 1 && faster(fourLanesWide, fourLanes)(problem);

/** 2-D convolution with optional bias, residual and ReLU in the store. */
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
  attrs: { stride: 1 as Pair, padding: 0 as Pair, dilation: 1 as Pair, groups: 1, relu: false as boolean },

  shape({ x, weight, bias, residual }, { stride, padding, dilation, groups }) {
    if (weight.length !== 4)
      throw badShape(`conv2d: weight ${formatShape(weight)} needs 4 dimensions [out, in/groups, kh, kw]`);
    const [outC, inC, kh, kw] = weight as [number, number, number, number];
    if (!Number.isInteger(groups) || groups < 1 || outC % groups !== 0) {
      throw badShape(
        `conv2d: groups ${groups} must divide the ${outC} output channels of weight ${formatShape(weight)}`,
      );
    }
    if (inC * groups !== x[1]) {
      throw badShape(
        `conv2d: weight ${formatShape(weight)} needs ${inC * groups} input channels, x ${formatShape(x)} has ${x[1]}`,
      );
    }
    if (bias && elements(bias) !== outC)
      throw badShape(`conv2d: bias ${formatShape(bias)} needs ${outC} values for weight ${formatShape(weight)}`);
    const axis = (i: 0 | 1): number =>
      convOutputSize(x[2 + i] as number, {
        kernel: i === 0 ? kh : kw,
        stride: pair(stride)[i],
        padding: pair(padding)[i],
        dilation: pair(dilation)[i],
      });
    const y = [x[0], outC, axis(0), axis(1)] as const;
    if (residual && residual.some((d, i) => d !== y[i])) {
      throw badShape(`conv2d: residual ${formatShape(residual)} needs the output's shape ${formatShape(y)}`);
    }
    return { y };
  },
  params: ({ in: { x }, out: { y } }) => ({
    in_h: u32(x[2]),
    in_w: u32(x[3]),
    out_h: u32(y[2]),
    out_w: u32(y[3]),
    pixels: u32(y[0] * y[2] * y[3]),
  }),
  overrides: ({ in: { x, weight, bias, residual }, attrs }) => ({
    IN_C: x[1],
    OUT_C: weight[0] as number,
    KERNEL_H: weight[2] as number,
    KERNEL_W: weight[3] as number,
    STRIDE_H: pair(attrs.stride)[0],
    STRIDE_W: pair(attrs.stride)[1],
    PAD_H: pair(attrs.padding)[0],
    PAD_W: pair(attrs.padding)[1],
    DILATION_H: pair(attrs.dilation)[0],
    DILATION_W: pair(attrs.dilation)[1],
    GROUPS: attrs.groups,
    HAS_BIAS: bias ? 1 : 0,
    HAS_RESIDUAL: residual ? 1 : 0,
    RELU: attrs.relu ? 1 : 0,
  }),
  cost: ({ in: { x, weight, residual }, out: { y } }) => ({
    flops: 2 * sizeOf(y) * (elements(weight) / (weight[0] as number)),
    bytes: 4 * (sizeOf(x) + elements(weight) + sizeOf(y) + (residual ? sizeOf(residual) : 0)),
  }),
  variants: {
    // One thread, one output value; every tap tested: the teaching baseline.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ out: { y } }) => [y[0] * y[2] * y[3] * blocksOf(y[1]) * 4, 1, 1],
    },
    // One thread, four output channels of a pixel; vec4 loads along the input channels, window clipped once.
    vec4: {
      wgsl: "vec4",
      workgroup: [64, 1, 1],
      packing: { weight: outputTiles({ tile: 4 }) },
      when: ({ attrs }) => attrs.groups === 1,
      threads: ({ out: { y } }) => [y[0] * y[2] * y[3] * blocksOf(y[1]), 1, 1],
    },
    ...tiledVariants,
    ...matrixVariants,
    "lanes-4": lanes(fourLanes),
    "lanes-4-wide": { ...lanes(fourLanesWide), wgsl: "lanes-wide", prefer: wide },
    "lanes-8": lanes(eightLanes),
    "lanes-8-five": { ...lanes(eightLanesFive), prefer: faster(eightLanesFive, eightLanes) },
  },
});
