/** What a backbone's description adds for a model: the heads that are published over it, and how it was trained. */
import type { BackboneDescription } from "../../layers/backbone.js";
import type { DecoderStyle } from "../../layers/decoder-style.js";
import type { Network } from "../network.js";

export interface ModelBackbone extends BackboneDescription {
  /** The layout of its heads. Default: this library's. */
  readonly decoder?: DecoderStyle;
  /** How pictures are prepared, where the backbone's published weights differ from ImageNet's mean and deviation. */
  readonly defaults?: Pick<Network, "preprocessing">;
}

/** What a file does not tell of its heads. */
export interface HeadOptions {
  /** Trained at once: skips are scaled before they are projected. Only pytorch-fcn's networks over VGG-16 can be. */
  readonly atOnce?: boolean | undefined;
  /** Of the heads. Default: any. */
  readonly variants?: readonly string[];
  /** Whether the file has the heads. Default true. */
  readonly isTrained?: boolean;
}
