/** What a model needs to know about any network. */
import type { Backbone } from "../layers/backbone.js";
import type { Graph, Value } from "../plan/graph.js";
import type { Preprocessing } from "./preprocessing.js";

export type PixelSize = readonly [height: number, width: number];

export interface LabelSizes {
  /** Of the picture as the network sees it. */
  readonly seen: PixelSize;
  /** Of the labels. */
  readonly size: PixelSize;
}

/** A network that turns a normalised picture into logits. `size` is the picture's, without padding. */
export interface Network {
  readonly name: string;
  readonly classes: number;
  readonly backbone: Backbone;
  /** Shorter side of the pictures with which the weights were trained. Without it pictures keep their size. */
  readonly resize?: number;
  /** With which the weights were trained. Default: ImageNet's. */
  readonly preprocessing?: Preprocessing;
  /** Size of the normalised picture that the network reads. Zeros follow the picture. Default: the picture's size. */
  paddedSize?(size: PixelSize): PixelSize;
  /** Normalised picture [N, 3, H, W] to logits [N, classes, height, width]. */
  logits(graph: Graph, image: Value, size: PixelSize): Value;
  /**
   * Normalised picture to labels [N, 1, height, width], where that is cheaper than an argmax over the logits resized to
   * the labels' size.
   */
  labels?(graph: Graph, image: Value, sizes: LabelSizes): Value;
  /** As logits(), from an auxiliary head, where the checkpoint has one. */
  readonly auxLogits?: (graph: Graph, image: Value, size: PixelSize) => Value;
}
