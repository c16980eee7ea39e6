/**
 * Softmax cross-entropy over the classes of every pixel: the loss and its gradient at once, as PyTorch's cross_entropy
 * defines them. The target of a pixel is a label, or a probability for each class:
 * - label y: loss w[y] * (log sum exp z - z[y]), gradient w[y] * (softmax z - one-hot y)
 * - probabilities t: loss sum w[c] * t[c] * (log sum exp z - z[c]), gradient softmax z * (sum w[c] * t[c]) - w * t
 *
 * Both are multiplied by `scale`: 1 for a sum, 1 / (sum of the weights of labelled pixels) for PyTorch's mean over
 * labels, 1 / pixels for its mean over probabilities. The largest logit is taken off before any exponential. A NaN
 * among the logits makes the loss NaN.
 *
 * A pixel with the label `ignore` has loss 0 and gradient 0, even where its logits are NaN. So has a pixel whose label
 * is not a class: the host checks labels before.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html
 */
import { pixelsOf } from "../../src/kernel/feature-map.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { checkLossOperands } from "../../src/kernel/loss-operands.js";
import { u32 } from "../../src/kernel/problem.js";
import { blocksOf, ceilDiv } from "../../src/kernel/shape.js";
import type { Nchw } from "../../src/kernel/shape.js";
import { softmaxCrossEntropy as shaders } from "../wgsl.generated.js";

/** Pixels of a workgroup, which adds up their losses. */
const GROUP_PIXELS = 256;
const THREADS = 64;
/** Blocks of four classes that `registers` holds. */
const MOST_BLOCKS = 8;

const partsOf = (logits: Nchw): number => ceilDiv(pixelsOf(logits), GROUP_PIXELS);

/** Loss and gradient of softmax cross-entropy. */
export const softmaxCrossEntropy = defineKernel({
  name: "softmax-cross-entropy",
  shaders,
  inputs: {
    logits: { role: "tensor", layout: "nhwc4" },
    labels: { role: "tensor", layout: "u8", optional: true },
    targets: { role: "tensor", layout: "nhwc4", optional: true },
    class_weights: { role: "tensor", layout: "nchw", optional: true },
    scale: { role: "tensor", layout: "nchw" },
  },
  outputs: {
    gradient: { role: "tensor", layout: "nhwc4" },
    /** The loss in parts, one for 256 pixels. */
    losses: { role: "tensor", layout: "nchw" },
  },
  attrs: {
    /** The label of pixels that do not count. */
    ignore: 255,
  },

  shape(inputs, { ignore }) {
    checkLossOperands("softmax-cross-entropy", inputs, ignore);
    return { gradient: inputs.logits, losses: [partsOf(inputs.logits), 1, 1, 1] };
  },
  params: ({ in: { logits }, attrs }) => ({
    pixels: u32(pixelsOf(logits)),
    parts: u32(partsOf(logits)),
    ignored: u32(attrs.ignore),
  }),
  overrides: ({ in: { logits, labels, class_weights } }) => ({
    CHANNELS: logits[1],
    HAS_LABELS: labels ? 1 : 0,
    HAS_CLASS_WEIGHTS: class_weights ? 1 : 0,
  }),
  cost: ({ in: { logits, targets } }) => ({
    flops: 8 * sizeOf(logits),
    bytes: 4 * (2 * sizeOf(logits) + (targets ? sizeOf(targets) : 0)) + (targets ? 0 : pixelsOf(logits)),
  }),
  variants: {
    // Three passes over the logits of a pixel. The one to read first, and the one for more than 32 classes.
    naive: {
      wgsl: "naive",
      workgroup: [THREADS, 1, 1],
      threads: ({ in: { logits } }) => [partsOf(logits) * THREADS, 1, 1],
    },
    // Reads the logits once and takes each exponential once.
    registers: {
      wgsl: "registers",
      workgroup: [THREADS, 1, 1],
      when: ({ in: { logits } }) => blocksOf(logits[1]) <= MOST_BLOCKS,
      threads: ({ in: { logits } }) => [partsOf(logits) * THREADS, 1, 1],
    },
  },
});
