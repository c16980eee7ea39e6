/**
 * Copies a weight from PyTorch's order to the order in which a shader loads it (src/kernel/packings.ts). The host packs
 * weights that stay as they are. Weights that are trained are packed here, after every step.
 */
import { badShape } from "../../src/base/errors.js";
import { checkWord } from "../../src/kernel/checks.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { PACKED_ORDERS, packedTexels } from "../../src/kernel/packings.js";
import { u32 } from "../../src/kernel/problem.js";
import { alignUp, blocksOf, formatShape } from "../../src/kernel/shape.js";
import type { Nchw } from "../../src/kernel/shape.js";
import type { PackedOrder } from "../../src/kernel/variant.js";
import { packWeight as shaders } from "../wgsl.generated.js";

const texelsOf = (packed: Nchw): number => sizeOf(packed) / 4;

/** Order of a trained weight for a shader. */
export const packWeight = defineKernel({
  name: "pack-weight",
  shaders,
  inputs: {
    /** [out, in, kh, kw], or [in, out, kh, kw] with order "in-out" */
    weight: { role: "tensor", layout: "nchw" },
    /** [1, 1, 1, 4 * texels] */
    copy: { role: "tensor", layout: "nchw" },
  },
  outputs: { packed: { role: "tensor", layout: "nchw", updates: "copy" } },
  attrs: { order: "out-in" as PackedOrder["order"], tile: 4, texture: false as boolean },

  shape({ weight, copy }, { order, tile }) {
    checkWord("pack-weight", "order", order, PACKED_ORDERS);
    if (!Number.isInteger(tile) || tile < 1) throw badShape(`pack-weight: tile ${tile} needs to be 1 or more`);
    const needed: Nchw = [1, 1, 1, 4 * packedTexels(weight, order, tile)];
    if (copy.join() !== needed.join()) {
      const made = `weight ${formatShape(weight)} in ${order} tiles of ${tile}`;
      throw badShape(`pack-weight: copy ${formatShape(copy)} needs the shape ${formatShape(needed)} for ${made}`);
    }
    return { packed: copy };
  },
  params: ({ in: { weight, copy }, attrs }) => {
    const isInOut = attrs.order === "in-out";
    const [outC, inC] = isInOut ? [weight[1], weight[0]] : weight;
    return {
      texels: u32(texelsOf(copy)),
      out_c: u32(outC),
      in_c: u32(inC),
      taps: u32(weight[2] * weight[3]),
      blocks: u32(blocksOf(["channels", "rows"].includes(attrs.order) ? outC : inC)),
      tile: u32(attrs.tile),
      order: u32(PACKED_ORDERS.indexOf(attrs.order)),
      pitch: u32(alignUp(inC, 4)),
    };
  },
  overrides: () => ({}),
  cost: ({ in: { weight, copy } }) => ({ flops: 0, bytes: 4 * (sizeOf(weight) + sizeOf(copy)) }),
  // One thread per texel of four values. The attribute says which of the two runs.
  variants: {
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      when: ({ attrs }) => !attrs.texture,
      threads: ({ in: { copy } }) => [texelsOf(copy), 1, 1],
    },
    texture: {
      wgsl: "texture",
      workgroup: [64, 1, 1],
      layouts: { copy: "texels", packed: "texels" },
      when: ({ attrs }) => attrs.texture,
      threads: ({ in: { copy } }) => [texelsOf(copy), 1, 1],
    },
  },
});
