/** What a model needs to know about any network. */
import type { Graph, Value } from "../plan/graph.js";

/** A network that turns a normalised picture into logits. */
export interface Network {
  readonly name: string;
  readonly classes: number;
  /** Shorter side of the pictures with which the weights were trained. Without it pictures keep their size. */
  readonly resize?: number;
  /** Normalised picture [N, 3, H, W] to logits [N, classes, H, W]. */
  logits(graph: Graph, image: Value): Value;
  /** Normalised picture to labels [N, 1, H, W], where that is cheaper than an argmax over the logits. */
  labels?(graph: Graph, image: Value): Value;
  /** As logits(), from an auxiliary head, where the checkpoint has one. */
  readonly auxLogits?: (graph: Graph, image: Value) => Value;
}
