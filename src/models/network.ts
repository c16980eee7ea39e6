/** What the segmenter needs to know about any network. */
import type { Graph, Value } from "../plan/graph.js";

/** A network that turns a normalised picture into logits: what the segmenter needs to know of any model. */
export interface Network {
  readonly name: string;
  readonly classes: number;
  /** Shorter side that pictures are brought to, where the weights were trained so; without it they keep their size. */
  readonly resize?: number;
  /** Normalised picture [N, 3, H, W] to logits [N, classes, H, W]. */
  logits(graph: Graph, image: Value): Value;
  /** The same to labels [N, 1, H, W], where that is cheaper than an argmax over the logits. */
  labels?(graph: Graph, image: Value): Value;
  /** The same from an auxiliary head, where the checkpoint has one. */
  readonly auxLogits?: (graph: Graph, image: Value) => Value;
}
