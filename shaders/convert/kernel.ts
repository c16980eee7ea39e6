/**
 * Copies a tensor from one layout to another. Plans insert it where a consumer reads another layout than the producer
 * writes. It also packs and unpacks f16 storage (pack2x16float needs no feature).
 * https://www.w3.org/TR/WGSL/#pack-builtin-functions
 */
import { badShape } from "../../src/base/errors.js";
import { threadPerVec4, vec4sOf } from "../../src/kernel/feature-map.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { layouts } from "../../src/kernel/layout.js";
import type { LayoutName } from "../../src/kernel/layout.js";
import { u32 } from "../../src/kernel/problem.js";
import { blocksOf } from "../../src/kernel/shape.js";
import { fitsTexture, textureColumns } from "../../src/kernel/texture.js";
import { convert as shaders } from "../wgsl.generated.js";

const DIRECTIONS: readonly string[] = ["nhwc4 > nhwc4-f16", "nhwc4-f16 > nhwc4", "nhwc4 > tex4", "tex4 > nhwc4"];

/** Copy between layouts: f32 blocks to f16 blocks or texture planes, and back. */
export const convert = defineKernel({
  name: "convert",
  shaders,
  inputs: { x: { role: "tensor", layout: "nhwc4" } },
  outputs: { y: { role: "tensor", layout: "nhwc4-f16" } },
  attrs: { from: "nhwc4" as string, to: "nhwc4-f16" as string },

  shape({ x }, { from, to }) {
    if (!DIRECTIONS.includes(`${from} > ${to}`)) {
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
    bytes: layouts[attrs.from as LayoutName].byteSize(x) + layouts[attrs.to as LayoutName].byteSize(x),
  }),
  // One variant per direction, so there is never a choice. Each copies one vec4 per thread.
  variants: {
    // To f16, rounded as the adapter rounds and saturated.
    "to-f16": {
      wgsl: "to-f16",
      workgroup: [64, 1, 1],
      when: ({ attrs }) => attrs.to === "nhwc4-f16",
      threads: ({ in: { x } }) => threadPerVec4(x),
    },
    // From f16, exact.
    "from-f16": {
      wgsl: "from-f16",
      workgroup: [64, 1, 1],
      layouts: { x: "nhwc4-f16", y: "nhwc4" },
      when: ({ attrs }) => attrs.from === "nhwc4-f16",
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
