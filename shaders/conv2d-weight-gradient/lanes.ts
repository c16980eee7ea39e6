/**
 * The variants for software adapters: columns of the product on the lanes of a subgroup, operands in textures. All
 * sizes are uniforms, so one pipeline serves every layer. src/kernel/lanes.ts holds what the kernels share.
 */
import { pixelsOf } from "../../src/kernel/feature-map.js";
import { pixelsPerSplit } from "../../src/kernel/gradients.js";
import { lanesVariant } from "../../src/kernel/lanes.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { pair, u32 } from "../../src/kernel/problem.js";
import { blocksOf, ceilDiv } from "../../src/kernel/shape.js";
import { fitsTexture, textureColumns } from "../../src/kernel/texture.js";
import type { DeviceTraits } from "../../src/kernel/variant.js";
import { columnsOf } from "./problem.js";
import type { WeightGradientProblem } from "./problem.js";

const paramsOf = ({ in: { x, dy }, out: { parts }, attrs }: WeightGradientProblem) => ({
  x_h: u32(x[2]),
  x_w: u32(x[3]),
  x_blocks: u32(blocksOf(x[1])),
  x_columns: u32(textureColumns(x)),
  y_h: u32(dy[2]),
  y_w: u32(dy[3]),
  y_blocks: u32(blocksOf(dy[1])),
  y_columns: u32(textureColumns(dy)),
  in_c: u32(x[1]),
  out_c: u32(dy[1]),
  pixels: u32(pixelsOf(dy)),
  per_split: u32(pixelsPerSplit(dy, attrs.splits)),
  values: u32(sizeOf(parts)),
  kernel_h: u32(pair(attrs.kernel)[0]),
  kernel_w: u32(pair(attrs.kernel)[1]),
  stride_h: u32(pair(attrs.stride)[0]),
  stride_w: u32(pair(attrs.stride)[1]),
  pad_h: u32(pair(attrs.padding)[0]),
  pad_w: u32(pair(attrs.padding)[1]),
  dilation_h: u32(pair(attrs.dilation)[0]),
  dilation_w: u32(pair(attrs.dilation)[1]),
});

const variantOf = (subgroup: number) => ({
  ...lanesVariant(subgroup),
  consts: { LANES: subgroup },
  layouts: { x: "tex4", dy: "tex4" } as const,
  when: ({ in: { x, dy } }: WeightGradientProblem, device: DeviceTraits): boolean =>
    device.software && fitsTexture(x) && fitsTexture(dy),
  params: paramsOf,
  threads: (problem: WeightGradientProblem) =>
    [
      ceilDiv(columnsOf(problem), subgroup) * subgroup,
      ceilDiv(problem.in.dy[1], subgroup * 4),
      problem.attrs.splits,
    ] as const,
});

export const weightGradientLanes = {
  // Subgroups of four lanes (SwiftShader).
  "lanes-4": variantOf(4),
  // Subgroups of eight lanes (lavapipe).
  "lanes-8": variantOf(8),
};
