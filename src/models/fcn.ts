/**
 * FCN-32s, FCN-16s and FCN-8s over one backbone: one class and a list of skips. The scores of stride 32 are doubled and
 * fused with the scores of stride 16 (16s), then with those of stride 8 (8s). One last transposed convolution brings
 * them to the picture's size. https://arxiv.org/abs/1411.4038, section 4; tensor names as in weights/README.md.
 */
import { VOC_CLASSES } from "../image/palette.js";
import { Score } from "../layers/conv.js";
import { decoderGeometry } from "../layers/geometry.js";
import { Upscore } from "../layers/upsample.js";
import type { Graph, Value } from "../plan/graph.js";
import type { Parameters } from "../weights/parameters.js";
import type { Network } from "./network.js";
import type { FinalStep } from "./pixel-scores.js";
import { RESNET_CHAIN, ResNet } from "./resnet.js";
import type { Features } from "./resnet.js";

export const FCN_VARIANTS = ["fcn32s", "fcn16s", "fcn8s"] as const;
export type FcnVariant = (typeof FCN_VARIANTS)[number];

type Stride = 8 | 16 | 32;
type FeatureName = `stride${Stride}`;
type Size = readonly [height: number, width: number];

/** Strides whose scores are fused on the way up, coarse to fine. */
export const SKIPS: Readonly<Record<FcnVariant, readonly Stride[]>> = { fcn32s: [], fcn16s: [16], fcn8s: [16, 8] };

/** The tensor that doubles the scores up to the skip of this stride. */
export const UP_NAME: Readonly<Record<number, string>> = { 16: "up2", 8: "up4" };

/** Scores are doubled by `up`, and the scores of the features of that name are added. */
interface Fusion {
  readonly up: Upscore;
  readonly score: Score;
  readonly features: FeatureName;
}

export class FcnHead {
  readonly classes: number;
  readonly #prefix: string;
  readonly #score32: Score;
  readonly #fusions: readonly Fusion[];
  readonly #final: Upscore;

  /** `params` is scoped to the head's own tensors (`fcn8s.`). The class count is read from `score32`. */
  constructor(params: Parameters, variant: FcnVariant, channels: ResNet["channels"]) {
    this.#prefix = params.prefix;
    // Without score32 finish() reports what is missing; any count will do until then.
    const classes = params.shape("score32.weight")?.[0] ?? VOC_CLASSES.length;
    this.classes = classes;
    const steps = decoderGeometry(RESNET_CHAIN)[variant];
    this.#score32 = new Score(params, "score32", channels.stride32, classes);
    this.#fusions = SKIPS[variant].map((stride, i) => {
      const features: FeatureName = `stride${stride}`;
      const name = UP_NAME[stride] as string;
      const up = new Upscore(params, { name, classes, step: stepAt(steps, i), optional: false });
      return { up, score: new Score(params, `score${stride}`, channels[features], classes), features };
    });
    const step = stepAt(steps, steps.length - 1);
    this.#final = new Upscore(params, { name: `upscore${step.stride}`, classes, step, optional: true });
  }

  /** Features to logits [N, classes, height, width]. */
  apply(graph: Graph, features: Features, size: Size): Value {
    return this.#final.apply(graph, this.#scores(graph, features), size);
  }

  /** Features to labels [N, 1, height, width]: the same classes as an argmax over the logits of apply(). */
  labels(graph: Graph, features: Features, size: Size): Value {
    return this.scored(graph, features, size).labels;
  }

  /** As labels(), with the scores from which they come: [N, classes, h, w] at the stride of the last step. */
  scored(graph: Graph, features: Features, size: Size): { labels: Value; scores: Value } {
    const scores = this.#scores(graph, features);
    return { labels: this.#final.labels(graph, `${this.#prefix}labels`, scores, size), scores };
  }

  /** The step from scores to logits at the picture's size. */
  async finalStep(): Promise<FinalStep> {
    const { step, learned, weight } = this.#final;
    return { step, learned, kernel: await weight.read() };
  }

  /** Scores at the finest stride that is fused. */
  #scores(graph: Graph, features: Features): Value {
    let scores = this.#score32.apply(graph, features.stride32);
    for (const fusion of this.#fusions) {
      const skip = fusion.score.apply(graph, features[fusion.features]);
      scores = fusion.up.apply(graph, scores, [skip.shape[2], skip.shape[3]], skip);
    }
    return scores;
  }
}

function stepAt<T>(steps: readonly T[], index: number): T {
  return steps[index] as T;
}

/** Prefixes of all heads that a checkpoint may carry: those of the paper, and torchvision's two. */
const HEAD_NAMES = [...FCN_VARIANTS, "classifier", "aux_classifier"];

/** Accepts tensors that a network does not use: heads other than `used`, and PyTorch's batch counters. */
export function allowUnused(params: Parameters, used: readonly string[]): void {
  const unused = HEAD_NAMES.filter((head) => !used.includes(head)).map((head) => `${head}.`);
  params.allow((name) => name.endsWith(".num_batches_tracked") || unused.some((prefix) => name.startsWith(prefix)));
}

/** Assembles one variant from a checkpoint. @throws bad-weights naming everything missing, mis-shaped or unexpected */
export function fcnNetwork(params: Parameters, variant: FcnVariant): Network {
  const backbone = new ResNet(params.at("backbone"));
  const head = new FcnHead(params.at(variant), variant, backbone.channels);
  allowUnused(params, [variant]);
  params.finish(variant);
  const sizeOf = (image: Value): Size => [image.shape[2], image.shape[3]];
  return {
    name: variant,
    classes: head.classes,
    logits: (graph, image) => head.apply(graph, backbone.apply(graph, image), sizeOf(image)),
    labels: (graph, image) => head.labels(graph, backbone.apply(graph, image), sizeOf(image)),
  };
}
