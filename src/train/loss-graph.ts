/** The graph of the loss: from logits, or from scores whose last upsampling is fixed, to their gradient. */
import { gatherCells } from "../../shaders/gather-cells/kernel.js";
import { softmaxCrossEntropy } from "../../shaders/softmax-cross-entropy/kernel.js";
import { sumParts } from "../../shaders/sum-parts/kernel.js";
import { upsampleCrossEntropy } from "../../shaders/upsample-cross-entropy/kernel.js";
import type { Tensor } from "../gpu/tensor.js";
import type { Nchw } from "../kernel/shape.js";
import { Value } from "../plan/graph.js";
import type { StateGraph } from "../plan/state-graph.js";
import { finished } from "./last-step.js";
import type { Logits } from "./last-step.js";

/** What a pixel is compared with: one label, or a probability of each class. */
export type Targets = "labels" | "probabilities";

/** Tensors that a loss needs. */
export interface LossTensors {
  /** The sum of the loss over the pieces of a batch. */
  readonly total: Tensor;
  /** A value for each class. */
  readonly classWeights: Tensor | undefined;
}

const ONE: Nchw = [1, 1, 1, 1];
export const LOSS = "loss";
export const SCALE = "loss scale";
/** More classes do not fit the fast variant of upsample-cross-entropy. */
const MOST_CLASSES = 32;

interface LossParts {
  readonly targets: Targets;
  readonly loss: LossTensors;
}

interface AppendedLoss {
  /** Logits or scores. */
  readonly at: Value;
  /** There. */
  readonly gradient: Value;
  /** The loss, added to that of the pieces before. */
  readonly total: Value;
}

/** The loss of a piece, and its gradient where the network ends. */
export function appendLoss(graph: StateGraph, logits: Logits, { targets, loss }: LossParts): AppendedLoss {
  const isShort = logits instanceof Value || logits.scores.shape[1] > MOST_CLASSES;
  const ends = isShort ? finished(graph, logits) : logits;
  const [n, classes, height, width] = shapeOf(ends);
  const { classWeights } = loss;
  const target =
    targets === "labels"
      ? { labels: graph.input(targets, [n, 1, height, width], "u8") }
      : { targets: graph.input(targets, [n, classes, height, width], "nhwc4") };
  const operands = {
    ...target,
    scale: graph.input(SCALE, ONE, "nchw"),
    class_weights: classWeights && graph.state("class weights", classWeights),
  };
  const total = graph.state(LOSS, loss.total);
  const sumOf = (losses: Value): Value => graph.op("loss.sum", sumParts, { parts: losses, total }).sum;
  if (ends instanceof Value) {
    const { gradient, losses } = graph.op(LOSS, softmaxCrossEntropy, { logits: ends, ...operands });
    return { at: ends, gradient, total: sumOf(losses) };
  }
  const { scores, final } = ends;
  const { kernel, stride, padding, crop } = final.step;
  const geometry = { kernel, stride, padding, crop_offset: [crop.top, crop.left] } as const;
  const { sums, losses } = graph.op(
    LOSS,
    upsampleCrossEntropy,
    { scores, ...operands },
    { ...geometry, height, width },
  );
  const size = { height: scores.shape[2], width: scores.shape[3] };
  const { gradient } = graph.op(`${LOSS}.gradient`, gatherCells, { sums }, { ...geometry, ...size });
  return { at: scores, gradient, total: sumOf(losses) };
}

function shapeOf(logits: Logits): Nchw {
  if (logits instanceof Value) return logits.shape;
  const [n, classes] = logits.scores.shape;
  return [n, classes, ...logits.size];
}
