/** How an FCN's decoder is laid out over a backbone: its geometry, and the names of its tensors. */
import type { Graph, Value } from "../plan/graph.js";
import type { FeatureStride } from "./backbone.js";
import type { Alignment } from "./geometry.js";

/** Strides of the skips. */
export type SkipStride = 8 | 16;

/** Cuts rows and columns out of a map: [N, C, H, W] to [N, C, height, width], from `top` and `left` on. */
export type CutOut = (
  graph: Graph,
  label: string,
  x: Value,
  region: { readonly top: number; readonly left: number; readonly height: number; readonly width: number },
) => Value;

export interface DecoderStyle {
  /** Where the scores of a cell are placed in the finer map. */
  readonly alignment: Alignment;
  /**
   * Whether the normalised picture is padded with zeros at the bottom and at the right, to the size at which the last
   * cells of all maps are centred on its last pixels (PyTorch's `align_corners=True`).
   */
  readonly isPadded: boolean;
  /** Whether the names of a head's tensors begin with its variant, "fcn8s.". */
  readonly hasPrefix: boolean;
  /** The projections to classes, by the stride of the features that they read. */
  readonly scores: Readonly<Record<FeatureStride, string>>;
  /** The transposed convolutions that bring scores to the skip of this stride. */
  readonly ups: Readonly<Record<SkipStride, string>>;
  /** The last transposed convolution, by its stride. Where the file has none of that name, it is bilinear and fixed. */
  readonly finals: Readonly<Record<FeatureStride, string>>;
  /**
   * Whether all transposed convolutions are bilinear and fixed in a file that has no last one. By default only the last
   * may be missing.
   */
  readonly mayBeFixed?: boolean;
  /** What skip features are multiplied by before they are projected. Default 1. */
  readonly skipScales?: Readonly<Record<SkipStride, number>>;
  /** Needed with the alignment "crop-skips". */
  readonly cutOut?: CutOut;
}

/** This library's heads. https://arxiv.org/abs/1411.4038, section 4; tensor names as in weights/README.md. */
const OWN_STYLE: DecoderStyle = {
  alignment: "pad",
  isPadded: false,
  hasPrefix: true,
  scores: { 8: "score8", 16: "score16", 32: "score32" },
  ups: { 8: "up4", 16: "up2" },
  finals: { 8: "upscore8", 16: "upscore16", 32: "upscore32" },
};

/** This library's heads in the geometry that a checkpoint's metadata name: `align_corners: "true"`, or none. */
export function ownStyle(metadata: ReadonlyMap<string, string>): DecoderStyle {
  return metadata.get("align_corners") === "true" ? { ...OWN_STYLE, alignment: "aligned", isPadded: true } : OWN_STYLE;
}
