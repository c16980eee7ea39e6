/**
 * The loss of a network whose last step is a fixed bilinear upsampling: upsampling, softmax cross-entropy and the first
 * half of the gradient in one pass, so that neither logits nor gradients of the picture's size are written. They would
 * be 16 MB each for 384 x 512 pixels of 21 classes.
 *
 * A pixel takes its logits from four nodes of the scores. Its gradient goes back to them with the same weights. Each
 * row of a cell gives two sums over its pixels, for the nodes on its left and on its right. gather-cells adds those of
 * the rows, always in the same order.
 *
 * Targets, class weights and scale are those of softmax-cross-entropy, where the loss is defined.
 */
import { cellParams, cellsOf, checkBilinear } from "../../src/kernel/cells.js";
import { checkOutputSize } from "../../src/kernel/checks.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { checkLossOperands } from "../../src/kernel/loss-operands.js";
import { u32 } from "../../src/kernel/problem.js";
import type { Pair } from "../../src/kernel/problem.js";
import { blocksOf, ceilDiv } from "../../src/kernel/shape.js";
import type { Nchw } from "../../src/kernel/shape.js";
import { upsampleCrossEntropy as shaders } from "../wgsl.generated.js";

const NAME = "upsample-cross-entropy";
/** Threads of a workgroup, which adds up their losses. Each has a row of a cell. */
const THREADS = 64;
/** Blocks of four classes that `registers` holds. */
const MOST_BLOCKS = 8;

const unitsOf = ([n, , height, doubled]: Nchw): number => (n * height * doubled) / 2;
const workgroupsOf = (sums: Nchw): number => ceilDiv(unitsOf(sums), THREADS);

/** Loss of scores that are upsampled, and half of its gradient. */
export const upsampleCrossEntropy = defineKernel({
  name: NAME,
  shaders,
  inputs: {
    scores: { role: "tensor", layout: "nhwc4" },
    labels: { role: "tensor", layout: "u8", optional: true },
    targets: { role: "tensor", layout: "nhwc4", optional: true },
    class_weights: { role: "tensor", layout: "nchw", optional: true },
    scale: { role: "tensor", layout: "nchw" },
  },
  outputs: {
    /** For each row of a cell the sum for the node on its left, then on its right: [N, C, height, 2 * cells]. */
    sums: { role: "tensor", layout: "nhwc4" },
    /** The loss in parts, one for 64 rows of cells. */
    losses: { role: "tensor", layout: "nchw" },
  },
  attrs: {
    /** Taps of the bilinear kernel: 2 * stride, or one less. */
    kernel: 2,
    stride: 1,
    padding: 0,
    crop_offset: 0 as Pair,
    /** Rows of pixels. */
    height: 0,
    /** Columns of pixels. */
    width: 0,
    /** The label of pixels that do not count. */
    ignore: 255,
  },

  shape({ scores, labels, targets, class_weights, scale }, attrs) {
    const { height, width, ignore } = attrs;
    checkBilinear(NAME, attrs);
    checkOutputSize(NAME, height, width);
    const logits = [scores[0], scores[1], height, width] as const;
    checkLossOperands(NAME, { logits, labels, targets, class_weights, scale }, ignore);
    const sums = [scores[0], scores[1], height, 2 * cellsOf(attrs, width).count] as const;
    return { sums, losses: [workgroupsOf(sums), 1, 1, 1] };
  },
  params: ({ in: { scores }, out: { sums }, attrs }) => ({
    in_h: u32(scores[2]),
    in_w: u32(scores[3]),
    out_h: u32(attrs.height),
    out_w: u32(attrs.width),
    ...cellParams(attrs),
    cells: u32(sums[3] / 2),
    units: u32(unitsOf(sums)),
    parts: u32(workgroupsOf(sums)),
    ignored: u32(attrs.ignore),
  }),
  overrides: ({ in: { scores, labels, class_weights } }) => ({
    CHANNELS: scores[1],
    HAS_LABELS: labels ? 1 : 0,
    HAS_CLASS_WEIGHTS: class_weights ? 1 : 0,
  }),
  cost: ({ in: { scores, targets }, out: { sums }, attrs }) => ({
    flops: 14 * scores[0] * scores[1] * attrs.height * attrs.width,
    bytes:
      4 * (sizeOf(scores) + sizeOf(sums) + (targets ? sizeOf(targets) : 0)) +
      (targets ? 0 : scores[0] * attrs.height * attrs.width),
  }),
  variants: {
    // Computes the logits of a pixel three times. The one to read first, and the one for more than 32 classes.
    naive: {
      wgsl: "naive",
      workgroup: [THREADS, 1, 1],
      threads: ({ out: { sums } }) => [workgroupsOf(sums) * THREADS, 1, 1],
    },
    // Keeps nodes, logits and sums in registers.
    registers: {
      wgsl: "registers",
      workgroup: [THREADS, 1, 1],
      when: ({ in: { scores } }) => blocksOf(scores[1]) <= MOST_BLOCKS,
      threads: ({ out: { sums } }) => [workgroupsOf(sums) * THREADS, 1, 1],
    },
  },
});
