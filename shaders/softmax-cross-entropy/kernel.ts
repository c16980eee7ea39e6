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
 * is no class: the host checks labels before.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html
 */
import { badShape } from "../../src/base/errors.js";
import { sameShape } from "../../src/kernel/checks.js";
import { pixelsOf } from "../../src/kernel/feature-map.js";
import { defineKernel } from "../../src/kernel/kernel.js";
import { sizeOf } from "../../src/kernel/layout.js";
import { u32 } from "../../src/kernel/problem.js";
import { blocksOf, ceilDiv, elements, formatShape } from "../../src/kernel/shape.js";
import type { Nchw } from "../../src/kernel/shape.js";
import { softmaxCrossEntropy as shaders } from "../wgsl.generated.js";

/** Pixels of a workgroup, which adds up their losses. */
const GROUP_PIXELS = 256;
const THREADS = 64;
/** Blocks of four classes that `registers` holds. */
const MOST_BLOCKS = 8;

interface Inputs {
  readonly logits: Nchw;
  readonly labels: Nchw | undefined;
  readonly targets: Nchw | undefined;
  readonly class_weights: Nchw | undefined;
  readonly scale: Nchw;
}

const partsOf = (logits: Nchw): number => ceilDiv(pixelsOf(logits), GROUP_PIXELS);

/** @throws bad-shape unless there is one target and it fits the logits */
function checkTarget({ logits, labels, targets }: Inputs): void {
  const got = `softmax-cross-entropy: logits ${formatShape(logits)}`;
  if ((labels === undefined) === (targets === undefined)) {
    const given = labels ? "both labels and targets" : "neither labels nor targets";
    throw badShape(`${got} with ${given}: it needs one of them`);
  }
  const needed: Nchw = [logits[0], 1, logits[2], logits[3]];
  if (labels && !sameShape(labels, needed)) {
    throw badShape(`${got} needs labels ${formatShape(needed)}, got ${formatShape(labels)}`);
  }
  if (targets && !sameShape(targets, logits)) {
    throw badShape(`${got} needs targets ${formatShape(logits)}, got ${formatShape(targets)}`);
  }
}

/** @throws bad-shape */
function checkFactors({ logits, class_weights: weights, scale }: Inputs): void {
  const classes = logits[1];
  if (weights && !sameShape(weights, [1, classes, 1, 1])) {
    throw badShape(`softmax-cross-entropy: class_weights ${formatShape(weights)} needs the shape [1,${classes},1,1]`);
  }
  if (elements(scale) !== 1) {
    throw badShape(`softmax-cross-entropy: scale ${formatShape(scale)} needs the shape [1,1,1,1]`);
  }
}

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
    checkTarget(inputs);
    checkFactors(inputs);
    if (!Number.isInteger(ignore) || ignore < 0 || ignore > 255) {
      throw badShape(`softmax-cross-entropy: ignore ${ignore} needs to be a whole number from 0 to 255`);
    }
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
