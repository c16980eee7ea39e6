/**
 * Adds parts of a sum, in their order, to a total: the second pass of sums that several workgroups share, such as the
 * gradients of weights over the pixels of a batch. The order is fixed, so that the same inputs give the same bits.
 */
import { badShape } from "../../src/base/errors.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { u32 } from "../../src/kernel/problem.js";
import { formatShape } from "../../src/kernel/shape.js";
import type { Nchw } from "../../src/kernel/shape.js";
import { sumParts as shaders } from "../wgsl.generated.js";

/** Threads of tree.wgsl that share a sum. */
const TREE = 64;

const partsOf = (parts: Nchw, total: Nchw): number => parts[0] / total[0];

/** total = total + the sum of parts. */
export const sumParts = defineKernel({
  name: "sum-parts",
  shaders,
  inputs: {
    /** [parts * N, C, H, W] */
    parts: { role: "tensor", layout: "nchw" },
    /** [N, C, H, W] */
    total: { role: "tensor", layout: "nchw" },
  },
  outputs: { sum: { role: "tensor", layout: "nchw", updates: "total" } },
  attrs: {},

  shape({ parts, total }) {
    const isWhole = parts[0] % total[0] === 0 && parts.slice(1).join() === total.slice(1).join();
    if (!isWhole) {
      const needed = `[parts * ${total[0]},${total.slice(1).join()}]`;
      throw badShape(
        `sum-parts: parts ${formatShape(parts)} needs the shape ${needed} for total ${formatShape(total)}`,
      );
    }
    return { sum: total };
  },
  params: ({ in: { parts, total } }) => ({ values: u32(sizeOf(total)), parts: u32(partsOf(parts, total)) }),
  overrides: () => ({}),
  cost: ({ in: { parts, total } }) => ({ flops: sizeOf(parts), bytes: 4 * (sizeOf(parts) + 2 * sizeOf(total)) }),
  variants: {
    // One thread per value.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ in: { total } }) => [sizeOf(total), 1, 1],
    },
    // A workgroup per value. Wins where a few values have many parts, such as the loss of a picture.
    tree: {
      wgsl: "tree",
      workgroup: [TREE, 1, 1],
      prefer: ({ in: { parts, total } }) => partsOf(parts, total) >= 2 * TREE,
      threads: ({ in: { total } }) => [sizeOf(total) * TREE, 1, 1],
    },
  },
});
