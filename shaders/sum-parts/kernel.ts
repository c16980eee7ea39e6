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

const partsOf = (parts: Nchw, total: Nchw): number => sizeOf(parts) / sizeOf(total);

/** total = total + the sum of parts. */
export const sumParts = defineKernel({
  name: "sum-parts",
  shaders,
  inputs: {
    /** Totals one after the other, of any shape. */
    parts: { role: "tensor", layout: "nchw" },
    total: { role: "tensor", layout: "nchw" },
  },
  outputs: { sum: { role: "tensor", layout: "nchw", updates: "total" } },
  attrs: {},

  shape({ parts, total }) {
    if (sizeOf(parts) % sizeOf(total) !== 0) {
      const needed = `a multiple of the ${sizeOf(total)} values of total ${formatShape(total)}`;
      throw badShape(`sum-parts: parts ${formatShape(parts)} needs ${needed}, has ${sizeOf(parts)}`);
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
