/**
 * The second half of the gradient that upsample-cross-entropy begins: at each node of the scores, the sums of the rows
 * of the cells around it, times the bilinear weights along columns. A node reads the rows above and below it, up to a
 * stride away, always in the same order.
 */
import { badShape } from "../../src/base/errors.js";
import { cellParams, checkBilinear } from "../../src/kernel/cells.js";
import { checkOutputSize } from "../../src/kernel/checks.js";
import { threadPerVec4, vec4sOf } from "../../src/kernel/feature-map.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { u32 } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import { blocksOf, formatShape } from "../../src/kernel/shape.js";
import { gatherCells as shaders } from "../wgsl.generated.js";

const NAME = "gather-cells";

/** Gradients of scores from sums over the rows of cells. */
export const gatherCells = defineKernel({
  name: NAME,
  shaders,
  inputs: {
    /** From upsample-cross-entropy: [N, C, rows of pixels, 2 * cells]. */
    sums: { role: "tensor", layout: "nhwc4" },
  },
  outputs: { gradient: { role: "tensor", layout: "nhwc4" } },
  attrs: {
    kernel: 2,
    stride: 1,
    padding: 0,
    crop_offset: 0 as Pair,
    /** Rows of the scores. */
    height: 0,
    /** Columns of the scores. */
    width: 0,
  },

  shape({ sums }, attrs) {
    checkBilinear(NAME, attrs);
    checkOutputSize(NAME, attrs.height, attrs.width);
    if (sums[3] % 2 !== 0) throw badShape(`${NAME}: sums ${formatShape(sums)} needs two columns for each cell`);
    return { gradient: [sums[0], sums[1], attrs.height, attrs.width] };
  },
  params: ({ in: { sums }, out: { gradient }, attrs }) => {
    const { top, first_cell, step } = cellParams(attrs);
    return {
      vec4s: u32(vec4sOf(gradient)),
      blocks: u32(blocksOf(sums[1])),
      in_h: u32(sums[2]),
      cells: u32(sums[3] / 2),
      out_h: u32(gradient[2]),
      out_w: u32(gradient[3]),
      ...{ top, first_cell, step },
    };
  },
  overrides: () => ({}),
  cost: ({ in: { sums }, out: { gradient } }) => ({
    flops: 4 * sizeOf(sums),
    bytes: 4 * (2 * sizeOf(sums) + sizeOf(gradient)),
  }),
  variants: {
    // Four channels of a node per thread.
    naive: {
      wgsl: "naive",
      workgroup: [64, 1, 1],
      threads: ({ out: { gradient } }) => threadPerVec4(gradient),
    },
  },
});
