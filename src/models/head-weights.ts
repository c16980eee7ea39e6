/** Heads as values in memory: how callers give them. What works with them is loaded when it is needed (own-heads/). */
import { ABORTABLE_KINDS } from "../base/abort.js";
import type { Abortable } from "../base/abort.js";
import type { Kinds } from "../base/options.js";
import type { HostWeight } from "../gpu/operands.js";
import type { Head } from "../weights/heads.js";

/** Values and shapes by name, in PyTorch's order. */
export type HostTensors = Readonly<Record<string, HostWeight>>;

/**
 * Tensors of heads by the network that they make. Names are those of weights/README.md below the network's:
 * `{ fcn8s: { "score32.weight": { shape: [5, 2048, 1, 1], data } } }`. Heads over VGG-16 have pytorch-fcn's names
 * (`score_fr.weight`), torchvision's networks have its names (`classifier.4.weight`, `aux_classifier.4.weight`).
 */
export type HeadWeights = Readonly<Partial<Record<Head, HostTensors>>>;

/** What setHeads() takes besides the heads. */
export interface HeadsOptions extends Abortable {
  /** Which head, where several are given. Default: the finest. */
  readonly variant?: Head | undefined;
  /**
   * Names of the classes. Default: as they are, where the number of classes is the same; else PASCAL VOC's for 21
   * classes, or "class 0" and so on.
   */
  readonly classNames?: readonly string[] | undefined;
}

export const HEADS_KINDS: Kinds<HeadsOptions> = { variant: "a string", classNames: "an array", ...ABORTABLE_KINDS };
