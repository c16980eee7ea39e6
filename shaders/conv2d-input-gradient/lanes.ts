/**
 * The variants for software adapters: pixels on the lanes of a subgroup, operands in textures. They are those of
 * conv-transpose2d, with dilation and a mask. src/kernel/lanes.ts holds what the kernels share.
 */
import { LANES_TILE, lanesFor, lanesVariant, runsLanes } from "../../src/kernel/lanes.js";
import { outputTiles, tileTexels } from "../../src/kernel/packings.js";
import { pair, u32 } from "../../src/kernel/problem.js";
import { blocksOf, ceilDiv } from "../../src/kernel/shape.js";
import { textureColumns } from "../../src/kernel/texture.js";
import type { DeviceTraits } from "../../src/kernel/variant.js";
import { hasPositions, windowsOf } from "./problem.js";
import type { InputGradientProblem } from "./problem.js";

/** Textures that the shader binds: dy, weight, mask, residual and dx. */
const TEXTURES = 5;

const paramsOf = (problem: InputGradientProblem) => {
  const { dy, weight, mask, residual } = problem.in;
  const { dx } = problem.out;
  const { stride, padding, dilation } = problem.attrs;
  return {
    y_w: u32(dy[3]),
    y_h: u32(dy[2]),
    y_blocks: u32(blocksOf(dy[1])),
    y_columns: u32(textureColumns(dy)),
    x_w: u32(dx[3]),
    x_h: u32(dx[2]),
    x_blocks: u32(blocksOf(dx[1])),
    x_columns: u32(textureColumns(dx)),
    windows: u32(windowsOf(problem)),
    kernel_h: u32(weight[2] as number),
    kernel_w: u32(weight[3] as number),
    stride_h: u32(pair(stride)[0]),
    stride_w: u32(pair(stride)[1]),
    pad_h: u32(pair(padding)[0]),
    pad_w: u32(pair(padding)[1]),
    dilation_h: u32(pair(dilation)[0]),
    dilation_w: u32(pair(dilation)[1]),
    has_mask: u32(mask ? 1 : 0),
    has_residual: u32(residual ? 1 : 0),
  };
};

const variantOf = (subgroup: number) => ({
  ...lanesVariant(subgroup),
  consts: { LANES: subgroup, TC: LANES_TILE.channels },
  layouts: { dy: "tex4", mask: "tex4", residual: "tex4", dx: "tex4" } as const,
  packing: { weight: outputTiles({ tile: LANES_TILE.channels, order: "in-out", storage: "texture" }) },
  when: ({ in: { dy, weight }, out: { dx }, attrs }: InputGradientProblem, device: DeviceTraits): boolean =>
    hasPositions(attrs) &&
    (device.limits.maxStorageTexturesPerShaderStage ?? Infinity) >= TEXTURES &&
    runsLanes(device, dy, dx, tileTexels(weight, LANES_TILE.channels, "in-out")),
  params: paramsOf,
  threads: (problem: InputGradientProblem) => {
    const { dx } = problem.out;
    const [strideH, strideW] = pair(problem.attrs.stride);
    const lanes = lanesFor(windowsOf(problem), LANES_TILE, subgroup);
    return [lanes, ceilDiv(dx[1], LANES_TILE.channels), strideH * strideW] as const;
  },
});

export const inputGradientLanes = {
  // Subgroups of eight lanes (lavapipe). SwiftShader, whose subgroups have four, binds four textures only.
  "lanes-8": variantOf(8),
};
