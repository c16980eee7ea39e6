/**
 * FCN-32s, FCN-16s and FCN-8s over a backbone. The scores of stride 32 are doubled and fused with the scores of stride
 * 16 (16s), then with those of stride 8 (8s). One last transposed convolution brings them to the picture's size.
 * https://arxiv.org/abs/1411.4038, section 4
 */
import { Backbone } from "../layers/backbone.js";
import type { FeatureStride } from "../layers/backbone.js";
import { ownStyle } from "../layers/decoder-style.js";
import type { DecoderStyle } from "../layers/decoder-style.js";
import { alignedSize } from "../layers/geometry.js";
import type { Graph, Value } from "../plan/graph.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import { isHead } from "../weights/heads.js";
import type { Parameters } from "../weights/parameters.js";
import type { ModelBackbone } from "./backbones/model-backbone.js";
import { FcnHead, SKIPS } from "./fcn-head.js";
import type { FcnVariant, Features } from "./fcn-head.js";
import type { Network, PixelSize } from "./network.js";

/** Accepts tensors that a network does not use: heads other than `used`, and PyTorch's batch counters. */
export function allowUnused(params: Parameters, used: readonly string[]): void {
  const isUsed = (name: string): boolean => used.some((head) => name.startsWith(`${head}.`));
  params.allow((name) => name.endsWith(".num_batches_tracked") || (isHead(name) && !isUsed(name)));
}

/** Accepts the tensors of a backbone that was loaded before. */
export function allowBackbone(params: Parameters): void {
  params.allow((name) => name.startsWith("backbone."));
}

/** Some of the paper's networks over one backbone. */
export interface FcnParts {
  readonly backbone: Backbone;
  readonly heads: ReadonlyMap<FcnVariant, FcnHead>;
  /** Size of the normalised picture that the backbone reads, for a picture of this size. Zeros follow the picture. */
  paddedSize(size: PixelSize): PixelSize;
  /** The feature maps that these heads read. */
  features(graph: Graph, image: Value, variants: readonly FcnVariant[]): Features;
}

/** The style of a checkpoint's heads. */
export function styleOf(description: ModelBackbone, { metadata }: Checkpoint): DecoderStyle {
  return description.decoder ?? ownStyle(metadata);
}

/** How pictures were prepared in training: what the checkpoint says, and what its backbone is known for. */
export function trainedWith(
  { defaults }: ModelBackbone,
  { metadata }: Checkpoint,
): Pick<Network, "preprocessing" | "resize"> {
  const resize = metadata.get("resize") ?? "";
  // A number of pixels that pictures can have. Other texts are another program's.
  return /^[1-9]\d{0,4}$/.test(resize) ? { ...defaults, resize: Number(resize) } : { ...defaults };
}

/**
 * Takes the weights of the backbone and of the heads. `loaded` is the backbone, where it was loaded before.
 * @throws bad-weights naming all that does not fit
 */
export function fcnParts(
  params: Parameters,
  variants: readonly FcnVariant[],
  description: ModelBackbone,
  loaded?: Backbone,
): FcnParts {
  const style = styleOf(description, params.checkpoint);
  const backbone = loaded ?? new Backbone(params.at("backbone"), description);
  if (loaded) allowBackbone(params);
  const heads = new Map(variants.map((variant) => [variant, new FcnHead(params, { variant, backbone, style })]));
  allowUnused(params, variants);
  params.finish(variants.join(", "));
  const pad = (size: number): number => (style.isPadded ? alignedSize(backbone.encoder, size) : size);
  return {
    backbone,
    heads,
    paddedSize: ([height, width]) => [pad(height), pad(width)],
    features(graph, image, wanted) {
      const strides = new Set<FeatureStride>([32, ...wanted.flatMap((variant) => SKIPS[variant])]);
      const names = [...strides].map((stride) => [stride, backbone.taps[stride]] as const);
      const maps = backbone.features(
        graph,
        image,
        names.map(([, name]) => name),
      );
      return new Map(names.map(([stride, name]) => [stride, maps.get(name) as Value]));
    },
  };
}

/**
 * Assembles one variant from a checkpoint. `loaded` is its backbone, where it was loaded before.
 * @throws bad-weights naming everything missing, mis-shaped or unexpected
 */
export function fcnNetwork(
  params: Parameters,
  variant: FcnVariant,
  description: ModelBackbone,
  loaded?: Backbone,
): Network {
  const parts = fcnParts(params, [variant], description, loaded);
  const head = parts.heads.get(variant) as FcnHead;
  const featuresOf = (graph: Graph, image: Value): Features => parts.features(graph, image, [variant]);
  return {
    name: variant,
    classes: head.classes,
    backbone: parts.backbone,
    ...trainedWith(description, params.checkpoint),
    paddedSize: (size) => parts.paddedSize(size),
    logits: (graph, image, size) => head.apply(graph, featuresOf(graph, image), size),
    labels: (graph, image, sizes) => head.labels(graph, featuresOf(graph, image), sizes),
  };
}
