/** What losses of softmax cross-entropy check of their operands. */
import { badShape } from "../base/errors.js";
import { sameShape } from "./checks.js";
import { elements, formatShape } from "./shape.js";
import type { Nchw } from "./shape.js";

interface LossOperands {
  readonly logits: Nchw;
  readonly labels: Nchw | undefined;
  readonly targets: Nchw | undefined;
  readonly class_weights: Nchw | undefined;
  readonly scale: Nchw;
}

/** @throws bad-shape unless there is one target, all operands fit the logits, and `ignore` is a byte */
export function checkLossOperands(kernel: string, operands: LossOperands, ignore: number): void {
  checkTarget(kernel, operands);
  const { logits, class_weights: weights, scale } = operands;
  const classes = logits[1];
  if (weights && !sameShape(weights, [1, classes, 1, 1])) {
    throw badShape(`${kernel}: class_weights ${formatShape(weights)} needs the shape [1,${classes},1,1]`);
  }
  if (elements(scale) !== 1) throw badShape(`${kernel}: scale ${formatShape(scale)} needs the shape [1,1,1,1]`);
  if (!Number.isInteger(ignore) || ignore < 0 || ignore > 255) {
    throw badShape(`${kernel}: ignore ${ignore} needs to be a whole number from 0 to 255`);
  }
}

function checkTarget(kernel: string, { logits, labels, targets }: LossOperands): void {
  const got = `${kernel}: logits ${formatShape(logits)}`;
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
