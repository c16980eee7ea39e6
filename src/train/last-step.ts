/** The end of a network that is trained: logits, or the scores that one fixed step makes them of. */
import type { Upscore } from "../layers/upsample.js";
import type { FcnHead, Features } from "../models/fcn-head.js";
import type { PixelSize } from "../models/network.js";
import { Value } from "../plan/graph.js";
import type { Graph } from "../plan/graph.js";

/** Scores that are not upsampled yet. A kernel can go from them to something else than logits. */
export interface FixedStep {
  /** [N, classes, h, w] */
  readonly scores: Value;
  /** The bilinear step to the logits. */
  readonly final: Upscore;
  /** Of the logits. */
  readonly size: PixelSize;
}

/** Logits [N, classes, height, width], or what they are made of in one last step. */
export type Logits = Value | FixedStep;

/** A head over features. */
export function logitsOf(graph: Graph, head: FcnHead, features: Features, size: PixelSize): Logits {
  const step = { scores: head.scores(graph, features), final: head.final, size };
  return head.final.learned ? finished(graph, step) : step;
}

/** The logits as a value. */
export const finished = (graph: Graph, logits: Logits): Value =>
  logits instanceof Value ? logits : logits.final.apply(graph, logits.scores, logits.size);
