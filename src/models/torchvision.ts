/**
 * torchvision's fcn_resnet50 and fcn_resnet101: a ResNet whose last two stages have dilation in place of their strides,
 * a head of one 3x3 convolution and a projection to classes at stride 8, and one bilinear resize to the picture. It has
 * no skips and is not an FCN of the paper (fcn.ts).
 * https://github.com/pytorch/vision/blob/main/torchvision/models/segmentation/fcn.py
 */
import { resize } from "../../shaders/resize/kernel.js";
import { VOC_CLASSES } from "../image/palette.js";
import { ConvBn, Score } from "../layers/conv.js";
import type { Graph, Value } from "../plan/graph.js";
import { torchvisionHeadOf } from "../weights/names.js";
import type { Parameters } from "../weights/parameters.js";
import { allowUnused } from "./fcn.js";
import type { Network } from "./network.js";
import { ResNet } from "./resnet.js";

/** Shorter side of the pictures with which the published weights were trained and are evaluated. */
const TRAINED_SIZE = 520;

/** 3x3 convolution to a quarter of the channels, batch norm, ReLU, 1x1 projection. (FCNHead; dropout does nothing.) */
class TorchvisionHead {
  readonly classes: number;
  readonly #prefix: string;
  readonly #reduce: ConvBn;
  readonly #score: Score;

  /** `params` is scoped to `classifier.` or `aux_classifier.`. The file gives the class count and the inner width. */
  constructor(params: Parameters, channels: number) {
    // Without these tensors finish() reports what is missing; any numbers will do until then.
    const inner = params.shape("0.weight")?.[0] ?? channels / 4;
    this.classes = params.shape("4.weight")?.[0] ?? VOC_CLASSES.length;
    this.#prefix = params.prefix;
    this.#reduce = new ConvBn(params, "0", "1", { in: channels, out: inner, kernel: 3, padding: 1, relu: true });
    this.#score = new Score(params, "4", inner, this.classes);
  }

  /** Features [N, channels, h, w] to logits [N, classes, H, W], the size of `image`. */
  apply(graph: Graph, features: Value, image: Value): Value {
    const [, , height, width] = image.shape;
    const scores = this.#score.apply(graph, this.#reduce.apply(graph, features));
    const attrs = { mode: "bilinear", align_corners: false, height, width };
    return graph.op(`${this.#prefix}resize`, resize, { x: scores }, attrs).y;
  }
}

/** @throws bad-weights naming everything missing, mis-shaped or unexpected */
export function torchvisionNetwork(params: Parameters): Network {
  const backbone = new ResNet(params.at("backbone"), { dilate: [false, true, true] });
  const head = new TorchvisionHead(params.at("classifier"), backbone.channels.stride32);
  const auxParams = params.at("aux_classifier");
  const aux = auxParams.has("4.weight") ? new TorchvisionHead(auxParams, backbone.channels.stride16) : undefined;
  allowUnused(params, ["classifier", "aux_classifier"]);
  const name = torchvisionHeadOf(backbone.kind) ?? "fcn-resnet101";
  params.finish(name);
  const network: Network = {
    name,
    classes: head.classes,
    resize: TRAINED_SIZE,
    logits: (graph, image) => head.apply(graph, backbone.apply(graph, image).stride32, image),
  };
  if (!aux) return network;
  // The auxiliary head reads the features after layer3, so layer4 is not part of its graph.
  return { ...network, auxLogits: (graph, image) => aux.apply(graph, backbone.applyStride16(graph, image), image) };
}
