/**
 * FCN-32s, FCN-16s and FCN-8s over one backbone: one function and a list of skips. Scores of stride 32 are doubled and fused
 * with the scores of stride 16 (16s), then of stride 8 (8s), and brought to the picture's size by one last transposed
 * convolution. https://arxiv.org/abs/1411.4038, section 4; tensor names as in weights/README.md.
 */
import { Score } from "../layers/conv.js";
import { decoderGeometry } from "../layers/geometry.js";
import { Upscore, labelsOf, upscoreLabels } from "../layers/upsample.js";
import type { Graph, Value } from "../plan/graph.js";
import type { Parameters } from "../weights/parameters.js";
import type { Network } from "./network.js";
import type { FinalStep } from "./pixel-scores.js";
import { RESNET101_CHAIN, ResNet101 } from "./resnet101.js";
import type { Features } from "./resnet101.js";

export const FCN_VARIANTS = ["fcn32s", "fcn16s", "fcn8s"] as const;
export type FcnVariant = (typeof FCN_VARIANTS)[number];

type Stride = 8 | 16 | 32;
type Tap = `stride${Stride}`;

/** Strides fused on the way up, coarse to fine. */
export const SKIPS: Readonly<Record<FcnVariant, readonly Stride[]>> = { fcn32s: [], fcn16s: [16], fcn8s: [16, 8] };

/** The step that doubles the scores into the skip of this stride. */
export const UP_NAME: Readonly<Record<number, string>> = { 16: "up2", 8: "up4" };

interface Fusion {
  readonly up: Upscore;
  readonly score: Score;
  readonly tap: Tap;
}

export class FcnHead {
  readonly #prefix: string;
  readonly #score32: Score;
  readonly #fusions: readonly Fusion[];
  readonly #final: Upscore;
  readonly classes: number;

  /** `params` is scoped to the head's own tensors (`fcn8s.`); the class count is read from `score32`. */
  constructor(params: Parameters, variant: FcnVariant, channels: ResNet101["channels"]) {
    this.#prefix = params.prefix;
    this.classes = params.shape("score32.weight")?.[0] ?? 21;
    const steps = decoderGeometry(RESNET101_CHAIN)[variant];
    this.#score32 = new Score(params, "score32", channels.stride32, this.classes);
    this.#fusions = SKIPS[variant].map((stride, i) => {
      const tap: Tap = `stride${stride}`;
      const up = new Upscore(params, UP_NAME[stride] as string, this.classes, stepAt(steps, i), { optional: false });
      return { up, score: new Score(params, `score${stride}`, channels[tap], this.classes), tap };
    });
    const last = stepAt(steps, steps.length - 1);
    this.#final = new Upscore(params, `upscore${last.stride}`, this.classes, last, { optional: true });
  }

  /** Features to logits [N, classes, H, W] for a picture of H x W. */
  apply(graph: Graph, features: Features, size: readonly [number, number]): Value {
    return this.#final.apply(graph, this.#scores(graph, features), size);
  }

  /** Features to labels [N, 1, H, W]: the same classes as an argmax over the logits, which are written only for a learned kernel. */
  labels(graph: Graph, features: Features, size: readonly [number, number]): Value {
    return this.scored(graph, features, size).labels;
  }

  /** As `labels`, with the scores they come from: [N, classes, h, w] at the stride of the last step. */
  scored(graph: Graph, features: Features, size: readonly [number, number]): { labels: Value; scores: Value } {
    const name = `${this.#prefix}labels`;
    const scores = this.#scores(graph, features);
    const labels = this.#final.learned
      ? labelsOf(graph, name, this.#final.apply(graph, scores, size))
      : upscoreLabels(graph, name, scores, this.#final.step.stride, size);
    return { labels, scores };
  }

  /** The step from scores to logits at the picture's size. */
  async finalStep(): Promise<FinalStep> {
    const { step, learned, weight } = this.#final;
    return { step, learned, kernel: await weight.read() };
  }

  /** Scores at the finest stride that is fused. */
  #scores(graph: Graph, features: Features): Value {
    let scores = this.#score32.apply(graph, features.stride32);
    for (const { up, score, tap } of this.#fusions) {
      const skip = score.apply(graph, features[tap]);
      scores = up.apply(graph, scores, [skip.shape[2], skip.shape[3]], skip);
    }
    return scores;
  }
}

function stepAt<T>(steps: readonly T[], index: number): T {
  return steps[index] as T;
}

/** Assembles one variant from a checkpoint. @throws bad-weights naming all that is missing, mis-shaped or unexpected */
export function fcnNetwork(params: Parameters, variant: FcnVariant): Network {
  const backbone = new ResNet101(params.at("backbone"));
  const head = new FcnHead(params.at(variant), variant, backbone.channels);
  // A checkpoint may carry the heads of the other variants, torchvision's among them, and PyTorch's batch counters.
  const others = [...FCN_VARIANTS.filter((v) => v !== variant), "classifier", "aux_classifier"].map((v) => `${v}.`);
  params.allow((name) => name.endsWith(".num_batches_tracked") || others.some((prefix) => name.startsWith(prefix)));
  params.finish(variant);
  return {
    name: variant,
    classes: head.classes,
    logits: (graph, image) => head.apply(graph, backbone.apply(graph, image), [image.shape[2], image.shape[3]]),
    labels: (graph, image) => head.labels(graph, backbone.apply(graph, image), [image.shape[2], image.shape[3]]),
  };
}
