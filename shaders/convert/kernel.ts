/**
 * Copies a tensor from one layout to another. Plans insert it where a consumer reads another layout than the producer
 * writes. It also packs and unpacks f16 storage (pack2x16float needs no feature), and changes the border of zeros
 * around a map (src/kernel/border.ts).
 * https://www.w3.org/TR/WGSL/#pack-builtin-functions
 */
import { badShape } from "../../src/base/errors.js";
import { baseOf, borderOf, isBorderable } from "../../src/kernel/border.js";
import type { Borders } from "../../src/kernel/border.js";
import { threadPerVec4, vec4sOf } from "../../src/kernel/feature-map.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { layoutNamed } from "../../src/kernel/layout.js";
import type { BaseLayoutName, LayoutName } from "../../src/kernel/layout.js";
import { u32 } from "../../src/kernel/problem.js";
import type { Problem } from "../../src/kernel/problem.js";
import { blocksOf } from "../../src/kernel/shape.js";
import { fitsTexture, textureColumns } from "../../src/kernel/texture.js";
import type { KernelVariant } from "../../src/kernel/variant.js";
import { convert as shaders } from "../wgsl.generated.js";

const DIRECTIONS: readonly string[] = ["nhwc4 > nhwc4-f16", "nhwc4-f16 > nhwc4", "nhwc4 > tex4", "tex4 > nhwc4"];

interface Attributes {
  readonly from: string;
  readonly to: string;
}

/** Whether only the border changes. */
function isMove({ from, to }: Attributes): boolean {
  const [base, other] = [baseOf(from as LayoutName), baseOf(to as LayoutName)];
  return base === other && from !== to && isBorderable(base);
}

const INPUTS = { x: { role: "tensor", layout: "nhwc4" } } as const;
const OUTPUTS = { y: { role: "tensor", layout: "nhwc4-f16" } } as const;
type ConvertProblem = Problem<typeof INPUTS, typeof OUTPUTS, Attributes>;

function moveVariant(layout: BaseLayoutName, parts: number): KernelVariant<ConvertProblem> {
  const pixelParts = (problem: ConvertProblem): number => blocksOf(problem.in.x[1]) * parts;
  const count = ({ in: { x } }: ConvertProblem): number => vec4sOf(x) * parts;
  const bordersOf = ({ attrs }: ConvertProblem): Borders => ({
    x: borderOf(attrs.from as LayoutName),
    y: borderOf(attrs.to as LayoutName),
  });
  return {
    wgsl: "border",
    workgroup: [64, 1, 1],
    layouts: { x: layout, y: layout },
    borders: { tensors: ["x", "y"], needs: bordersOf },
    when: ({ attrs }) => isMove(attrs) && baseOf(attrs.from as LayoutName) === layout,
    params: (problem) => ({
      parts: u32(count(problem)),
      height: u32(problem.in.x[2]),
      width: u32(problem.in.x[3]),
      pixel_parts: u32(pixelParts(problem)),
      x_border: u32(borderOf(problem.attrs.from as LayoutName)),
      y_border: u32(borderOf(problem.attrs.to as LayoutName)),
    }),
    threads: (problem) => [count(problem), 1, 1],
  };
}

/** Copy between layouts: f32 blocks to f16 blocks or texture planes, and back. */
export const convert = defineKernel({
  name: "convert",
  shaders,
  inputs: INPUTS,
  outputs: OUTPUTS,
  attrs: { from: "nhwc4" as LayoutName, to: "nhwc4-f16" as LayoutName },

  shape({ x }, { from, to }) {
    if (!DIRECTIONS.includes(`${from} > ${to}`) && !isMove({ from, to })) {
      throw badShape(`convert: no conversion from layout ${from} to ${to}; there is ${DIRECTIONS.join(", ")}`);
    }
    return { y: x };
  },
  params: ({ in: { x } }) => ({
    blocks: u32(vec4sOf(x)),
    height: u32(x[2]),
    width: u32(x[3]),
    channel_blocks: u32(blocksOf(x[1])),
    columns: u32(textureColumns(x)),
  }),
  overrides: () => ({}),
  cost: ({ in: { x }, attrs }) => ({
    flops: 0,
    bytes: layoutNamed(attrs.from as LayoutName).byteSize(x) + layoutNamed(attrs.to as LayoutName).byteSize(x),
  }),
  // One variant per direction, so there is never a choice. Each copies one vec4 per thread.
  variants: {
    // To f16, rounded as the adapter rounds and saturated.
    "to-f16": {
      wgsl: "to-f16",
      workgroup: [64, 1, 1],
      when: ({ attrs }) => attrs.from === "nhwc4" && attrs.to === "nhwc4-f16",
      threads: ({ in: { x } }) => threadPerVec4(x),
    },
    // From f16, exact.
    "from-f16": {
      wgsl: "from-f16",
      workgroup: [64, 1, 1],
      layouts: { x: "nhwc4-f16", y: "nhwc4" },
      when: ({ attrs }) => attrs.from === "nhwc4-f16" && attrs.to === "nhwc4",
      threads: ({ in: { x } }) => threadPerVec4(x),
    },
    // Blocks of a buffer to planes of texels.
    "to-texture": {
      wgsl: "to-texture",
      workgroup: [64, 1, 1],
      layouts: { y: "tex4" },
      when: ({ in: { x }, attrs }) => attrs.to === "tex4" && fitsTexture(x),
      threads: ({ in: { x } }) => threadPerVec4(x),
    },
    // Another border of zeros, in parts of 8 bytes: two make a vec4, one makes four halves.
    border: moveVariant("nhwc4", 2),
    "border-f16": moveVariant("nhwc4-f16", 1),
    // Planes of texels to blocks of a buffer.
    "from-texture": {
      wgsl: "from-texture",
      workgroup: [64, 1, 1],
      layouts: { x: "tex4", y: "nhwc4" },
      when: ({ attrs }) => attrs.from === "tex4",
      threads: ({ in: { x } }) => threadPerVec4(x),
    },
  },
});
