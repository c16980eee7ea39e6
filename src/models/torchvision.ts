/**
 * torchvision's fcn_resnet50 and fcn_resnet101: a ResNet whose last two stages have dilation in place of their strides,
 * a head of one 3x3 convolution and a projection to classes at stride 8, and one bilinear resize to the picture. It has
 * no skips and is not an FCN of the paper (fcn.ts).
 * https://github.com/pytorch/vision/blob/main/torchvision/models/segmentation/fcn.py
 */
import { resize } from "../../shaders/resize/kernel.js";
import { VOC_CLASSES } from "../image/palette.js";
import { Backbone } from "../layers/backbone.js";
import { Score, conv } from "../layers/conv.js";
import type { LoadedLayer } from "../layers/layer.js";
import type { Graph, Value } from "../plan/graph.js";
import { torchvisionHeadOf } from "../weights/heads.js";
import type { Parameters } from "../weights/parameters.js";
import { resnetKindOf } from "../weights/resnet-kind.js";
import { resnet } from "./backbones/resnet.js";
import { allowBackbone, allowUnused } from "./fcn.js";
import type { Network, PixelSize } from "./network.js";

/** Shorter side of the pictures with which the published weights were trained and are evaluated. */
const TRAINED_SIZE = 520;

/** 3x3 convolution to a quarter of the channels, batch norm, ReLU, 1x1 projection. (FCNHead; dropout does nothing.) */
class TorchvisionHead {
  readonly classes: number;
  readonly #prefix: string;
  readonly #reduce: LoadedLayer;
  readonly #score: Score;

  /** `params` is scoped to `classifier.` or `aux_classifier.`. The file gives the class count and the inner width. */
  constructor(params: Parameters, channels: number) {
    // Without these tensors finish() reports what is missing; any numbers will do until then.
    const inner = params.shape("0.weight")?.[0] ?? channels / 4;
    const { prefix } = params;
    this.classes = params.shape("4.weight")?.[0] ?? VOC_CLASSES.length;
    this.#prefix = prefix;
    const reduce = conv({ name: "0", norm: "1", out: inner, kernel: 3, padding: 1, activation: "relu" });
    this.#reduce = reduce.load(params, channels);
    const score = { name: "4", label: `${prefix}4`, channels: inner, classes: this.classes };
    this.#score = new Score(params, score);
  }

  /** Features [N, channels, h, w] to logits [N, classes, height, width]. */
  apply(graph: Graph, features: Value, [height, width]: PixelSize): Value {
    const scores = this.#score.apply(graph, this.#reduce.apply(graph, features));
    const attrs = { mode: "bilinear" as const, align_corners: false, height, width };
    return graph.op(`${this.#prefix}resize`, resize, { x: scores }, attrs).y;
  }
}

/**
 * `loaded` is the backbone of these weights, where it was loaded before.
 * @throws bad-weights naming everything missing, mis-shaped or unexpected
 */
export function torchvisionNetwork(params: Parameters, loaded?: Backbone): Network {
  const kind = resnetKindOf(params.checkpoint, "backbone.");
  const name = torchvisionHeadOf(kind) ?? "fcn-resnet101";
  const backbone = loaded ?? new Backbone(params.at("backbone"), resnet(kind, [false, true, true]));
  if (loaded) allowBackbone(params);
  const head = new TorchvisionHead(params.at("classifier"), backbone.channelsAt(32));
  const auxParams = params.at("aux_classifier");
  const aux = auxParams.has("4.weight") ? new TorchvisionHead(auxParams, backbone.channelsAt(16)) : undefined;
  allowUnused(params, ["classifier", "aux_classifier"]);
  params.finish(name);
  const featuresOf = (graph: Graph, image: Value, stage: string): Value =>
    backbone.features(graph, image, [stage]).get(stage) as Value;
  const network: Network = {
    name,
    classes: head.classes,
    backbone,
    resize: TRAINED_SIZE,
    logits: (graph, image, size) => head.apply(graph, featuresOf(graph, image, "layer4"), size),
  };
  if (!aux) return network;
  return { ...network, auxLogits: (graph, image, size) => aux.apply(graph, featuresOf(graph, image, "layer3"), size) };
}
