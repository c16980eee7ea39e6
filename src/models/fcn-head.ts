/** The head of one FCN variant: scores of every stride that it reads, fused on the way up. */
import { VOC_CLASSES } from "../image/palette.js";
import type { Backbone, FeatureStride } from "../layers/backbone.js";
import { Score } from "../layers/conv.js";
import type { DecoderStyle, SkipStride } from "../layers/decoder-style.js";
import { decoderGeometry } from "../layers/geometry.js";
import { Upscore } from "../layers/upsample.js";
import type { Graph, Value } from "../plan/graph.js";
import type { Parameters } from "../weights/parameters.js";
import type { LabelSizes, PixelSize } from "./network.js";

/** The three networks of the FCN paper, coarse to fine: without a skip, with one and with two. */
export const FCN_VARIANTS = ["fcn32s", "fcn16s", "fcn8s"] as const;
/** One of the three networks of the FCN paper. */
export type FcnVariant = (typeof FCN_VARIANTS)[number];

/** Strides whose scores are fused on the way up, coarse to fine. */
export const SKIPS: Readonly<Record<FcnVariant, readonly SkipStride[]>> = {
  fcn32s: [],
  fcn16s: [16],
  fcn8s: [16, 8],
};

/** Feature maps of a backbone by their stride. */
export type Features = ReadonlyMap<FeatureStride, Value>;

/** Scores are doubled by `up`, and the scores of the features of that stride are added. */
interface Fusion {
  readonly up: Upscore;
  readonly score: Score;
  readonly stride: SkipStride;
}

export interface FcnHeadOptions {
  readonly variant: FcnVariant;
  readonly backbone: Backbone;
  readonly style: DecoderStyle;
}

export class FcnHead {
  readonly classes: number;
  /** What the labels of the head's steps begin with. */
  readonly prefix: string;
  /** Names of its tensors in the checkpoint. */
  readonly tensors: readonly string[];
  /** From scores at the finest stride that is fused to logits. */
  readonly final: Upscore;
  readonly #style: DecoderStyle;
  readonly #score: Score;
  readonly #fusions: readonly Fusion[];

  /** The class count is read from the projection of stride 32. */
  constructor(params: Parameters, { variant, backbone, style }: FcnHeadOptions) {
    const own = style.hasPrefix ? params.at(variant) : params;
    this.prefix = `${variant}.`;
    this.#style = style;
    // Without this tensor finish() reports what is missing; any count will do until then.
    const classes = own.shape(`${style.scores[32]}.weight`)?.[0] ?? VOC_CLASSES.length;
    this.classes = classes;
    const scoreOf = (stride: FeatureStride): Score => {
      const name = style.scores[stride];
      const scale = stride === 32 ? 1 : (style.skipScales?.[stride] ?? 1);
      const label = this.prefix + name;
      return new Score(own, { name, label, channels: backbone.channelsAt(stride), classes, scale });
    };
    const upscoreOf = (name: string, index: number, optional: boolean): Upscore => {
      const step = decoderGeometry(backbone.encoder, style)[variant].at(index);
      if (!step) throw new Error(`${variant} has no step ${index}`);
      return new Upscore(own, { name, label: this.prefix + name, classes, step, optional });
    };
    const final = style.finals[SKIPS[variant].at(-1) ?? 32];
    const isStored = Object.values(style.finals).some((name) => own.has(`${name}.weight`));
    const isFixed = style.mayBeFixed === true && !isStored;
    this.#score = scoreOf(32);
    this.#fusions = SKIPS[variant].map((stride, i) => ({
      up: upscoreOf(style.ups[stride], i, isFixed),
      score: scoreOf(stride),
      stride,
    }));
    this.final = upscoreOf(final, -1, isFixed || !style.mayBeFixed);
    const fused = this.#fusions.flatMap(({ up, score }) => [...up.tensors, ...score.tensors]);
    this.tensors = [...this.#score.tensors, ...fused, ...this.final.tensors];
  }

  /** Features to logits [N, classes, height, width]. */
  apply(graph: Graph, features: Features, size: PixelSize): Value {
    return this.final.apply(graph, this.scores(graph, features), size);
  }

  /**
   * Features to labels [N, 1, height, width]: the same classes as an argmax over the logits of apply(), resized where
   * the network saw the picture at another size.
   */
  labels(graph: Graph, features: Features, sizes: LabelSizes): Value {
    return this.scored(graph, features, sizes).labels;
  }

  /** As labels(), with the scores from which they come: [N, classes, h, w] at the stride of the last step. */
  scored(graph: Graph, features: Features, sizes: LabelSizes): { labels: Value; scores: Value } {
    const scores = this.scores(graph, features);
    return { labels: this.final.labels(graph, `${this.prefix}labels`, scores, sizes), scores };
  }

  /** Features to scores at the finest stride that is fused. */
  scores(graph: Graph, features: Features): Value {
    const mapOf = (stride: FeatureStride): Value => features.get(stride) as Value;
    let scores = this.#score.apply(graph, mapOf(32));
    for (const { up, score, stride } of this.#fusions) {
      const skip = this.#cropped(graph, score.apply(graph, mapOf(stride)), up, scores);
      scores = up.apply(graph, scores, [skip.shape[2], skip.shape[3]], skip);
    }
    return scores;
  }

  /** The part of a skip on which the upsampled scores lie. */
  #cropped(graph: Graph, skip: Value, { step }: Upscore, scores: Value): Value {
    if (!step.skipCrop || !this.#style.cutOut) return skip;
    const upsampled = (cells: number): number => (cells - 1) * step.stride + step.kernel;
    const region = { ...step.skipCrop, height: upsampled(scores.shape[2]), width: upsampled(scores.shape[3]) };
    return this.#style.cutOut(graph, `${this.prefix}crop${step.to}`, skip, region);
  }
}
