/**
 * The variants for software adapters: pixels on the lanes of a subgroup, operands in textures. A transposed convolution
 * of stride s is s x s small convolutions, one for each position of an output pixel within the stride. A workgroup
 * takes windows of one position. src/kernel/lanes.ts holds what the kernels share.
 */
import { LANES_TILE, lanesFor, lanesVariant, runsLanes } from "../../src/kernel/lanes.js";
import { outputTiles, tileTexels } from "../../src/kernel/packings.js";
import { pair, u32 } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import { blocksOf, ceilDiv } from "../../src/kernel/shape.js";
import type { Nchw, Shape } from "../../src/kernel/shape.js";
import { textureColumns } from "../../src/kernel/texture.js";
import type { DeviceTraits } from "../../src/kernel/variant.js";
import { isUndilated } from "../../src/kernel/window.js";

interface TransposeProblem {
  readonly in: {
    readonly x: Nchw;
    readonly weight: Shape;
    readonly bias: Shape | undefined;
    readonly residual: Nchw | undefined;
  };
  readonly out: { readonly y: Nchw };
  readonly attrs: {
    readonly stride: Pair;
    readonly padding: Pair;
    readonly dilation: Pair;
    readonly groups: number;
    readonly crop_offset: Pair;
  };
}

/** Windows of one position within the stride, of the whole batch. */
function windowsOf({ out: { y }, attrs }: TransposeProblem): number {
  const [strideH, strideW] = pair(attrs.stride);
  return y[0] * ceilDiv(y[2], strideH) * ceilDiv(y[3], strideW);
}

const paramsOf = (problem: TransposeProblem) => {
  const { x, weight, bias, residual } = problem.in;
  const { y } = problem.out;
  const { stride, padding, crop_offset } = problem.attrs;
  return {
    in_w: u32(x[3]),
    in_h: u32(x[2]),
    in_blocks: u32(blocksOf(x[1])),
    in_columns: u32(textureColumns(x)),
    out_w: u32(y[3]),
    out_h: u32(y[2]),
    out_blocks: u32(blocksOf(y[1])),
    out_columns: u32(textureColumns(y)),
    windows: u32(windowsOf(problem)),
    kernel_h: u32(weight[2] as number),
    kernel_w: u32(weight[3] as number),
    stride_h: u32(pair(stride)[0]),
    stride_w: u32(pair(stride)[1]),
    skip_h: u32(pair(padding)[0] + pair(crop_offset)[0]),
    skip_w: u32(pair(padding)[1] + pair(crop_offset)[1]),
    has_bias: u32(bias ? 1 : 0),
    has_residual: u32(residual ? 1 : 0),
  };
};

const variantOf = (subgroup: number) => ({
  ...lanesVariant(subgroup),
  consts: { LANES: subgroup, TC: LANES_TILE.channels },
  layouts: { x: "tex4", residual: "tex4", y: "tex4" } as const,
  packing: { weight: outputTiles({ tile: LANES_TILE.channels, order: "in-out", storage: "texture" }) },
  when: ({ in: { x, weight }, out: { y }, attrs }: TransposeProblem, device: DeviceTraits): boolean =>
    attrs.groups === 1 &&
    isUndilated(attrs.dilation) &&
    runsLanes(device, x, y, tileTexels(weight, LANES_TILE.channels, "in-out")),
  params: paramsOf,
  threads: (problem: TransposeProblem) => {
    const { y } = problem.out;
    const [strideH, strideW] = pair(problem.attrs.stride);
    const lanes = lanesFor(windowsOf(problem), LANES_TILE, subgroup);
    return [lanes, ceilDiv(y[1], LANES_TILE.channels), strideH * strideW] as const;
  },
});

export const transposeLanesVariants = {
  // Subgroups of four lanes (SwiftShader).
  "lanes-4": variantOf(4),
  // Subgroups of eight lanes (lavapipe).
  "lanes-8": variantOf(8),
};
