/**
 * torchvision's fcn_resnet101: ResNet-101 with the strides of its last two stages replaced by dilation, a head of one 3x3
 * convolution and a projection to classes at stride 8, and one bilinear resize to the picture. No skips: not an FCN of the paper
 * (fcn.ts). https://github.com/pytorch/vision/blob/main/torchvision/models/segmentation/fcn.py
 */
import { resize } from "../../shaders/resize/kernel.js";
import { ConvBn, Score } from "../layers/conv.js";
import type { Graph, Value } from "../plan/graph.js";
import type { Parameters } from "../weights/parameters.js";
import { FCN_VARIANTS } from "./fcn.js";
import type { Network } from "./network.js";
import { ResNet101 } from "./resnet101.js";

export const TORCHVISION_VARIANT = "fcn-resnet101";

/** Shorter side of the pictures the published weights were trained and are evaluated with. */
const TRAINED_SIZE = 520;

/** FCNHead: 3x3 convolution to a quarter of the channels, batch norm, ReLU, 1x1 projection; dropout does nothing here. */
class TorchvisionHead {
  readonly classes: number;
  readonly #prefix: string;
  readonly #reduce: ConvBn;
  readonly #score: Score;

  /** `params` is scoped to `classifier.` or `aux_classifier.`; the class count and the inner width are the file's. */
  constructor(params: Parameters, channels: number) {
    const inner = params.shape("0.weight")?.[0] ?? channels / 4;
    this.classes = params.shape("4.weight")?.[0] ?? 21;
    this.#prefix = params.prefix;
    this.#reduce = new ConvBn(params, "0", "1", { in: channels, out: inner, kernel: 3, padding: 1, relu: true });
    this.#score = new Score(params, "4", inner, this.classes);
  }

  /** Features [N, channels, h, w] to logits [N, classes, H, W]. */
  apply(graph: Graph, features: Value, [height, width]: readonly [number, number]): Value {
    const scores = this.#score.apply(graph, this.#reduce.apply(graph, features));
    return graph.op(
      `${this.#prefix}resize`,
      resize,
      { x: scores },
      { mode: "bilinear", align_corners: false, height, width },
    ).y;
  }
}

/** @throws bad-weights naming all that is missing, mis-shaped or unexpected */
export function torchvisionNetwork(params: Parameters): Network {
  const backbone = new ResNet101(params.at("backbone"), { dilate: [false, true, true] });
  const head = new TorchvisionHead(params.at("classifier"), backbone.channels.stride32);
  const auxParams = params.at("aux_classifier");
  const aux = auxParams.has("4.weight") ? new TorchvisionHead(auxParams, backbone.channels.stride16) : undefined;
  params.allow((name) => name.endsWith(".num_batches_tracked") || FCN_VARIANTS.some((v) => name.startsWith(`${v}.`)));
  params.finish(TORCHVISION_VARIANT);
  const size = (image: Value): readonly [number, number] => [image.shape[2], image.shape[3]];
  return {
    name: TORCHVISION_VARIANT,
    classes: head.classes,
    resize: TRAINED_SIZE,
    logits: (graph, image) => head.apply(graph, backbone.apply(graph, image).stride32, size(image)),
    // Taken after layer3, so layer4 is not part of its graph.
    ...(aux && {
      auxLogits: (graph: Graph, image: Value) => aux.apply(graph, backbone.applyStride16(graph, image), size(image)),
    }),
  };
}
