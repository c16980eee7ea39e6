/** A network that is to be trained: a backbone from a checkpoint, and a head that is new or the checkpoint's own. */
import { normalize } from "../../shaders/normalize/kernel.js";
import { FcnError, badOption } from "../base/errors.js";
import { numberedNames } from "../image/palette.js";
import { layouts } from "../kernel/layout.js";
import type { Weight } from "../kernel/weight.js";
import type { FeatureStride } from "../layers/backbone.js";
import { describeBackbone } from "../models/backbones/index.js";
import type { ModelBackbone } from "../models/backbones/model-backbone.js";
import { classNamesOf } from "../models/class-names.js";
import { SKIPS } from "../models/fcn-head.js";
import type { FcnHead, FcnVariant } from "../models/fcn-head.js";
import { fcnParts, styleOf, trainedWith } from "../models/fcn.js";
import type { FcnParts } from "../models/fcn.js";
import type { LabelSizes, PixelSize } from "../models/network.js";
import { overlaid } from "../models/own-heads/overlaid.js";
import { withInitialHead } from "../models/own-heads/initial-heads.js";
import { IMAGENET, constant } from "../models/preprocessing.js";
import type { Preprocessing, Resize } from "../models/preprocessing.js";
import { Graph } from "../plan/graph.js";
import type { Value } from "../plan/graph.js";
import { Backbone } from "../layers/backbone.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import type { Factors } from "../weights/fold-checkpoint.js";
import { recognise } from "../weights/names.js";
import { Parameters } from "../weights/parameters.js";
import { withFoldedNorms } from "./folded.js";
import { logitsOf } from "./last-step.js";
import { withoutHeads } from "./without-heads.js";
import type { Logits } from "./last-step.js";

export interface LearnerOptions {
  readonly variant: FcnVariant;
  /** Names of the classes, or how many there are. */
  readonly classes: readonly string[] | number;
  /** "init": untrained heads. "file": the checkpoint's, where it has this variant with as many classes. */
  readonly heads: "init" | "file";
  /** "heads": the backbone stays as it is. "all": its convolutions learn too. */
  readonly mode: "heads" | "all";
  /** Whether new heads are aligned by corners (docs/how-fcns-work.md). Default true. */
  readonly alignCorners: boolean;
  readonly resize: Resize | undefined;
  readonly preprocessing: Preprocessing | undefined;
}

/** The size at which a graph is made only to see its weights. */
const PROBE: PixelSize = [64, 64];

/** What the file of a later stage of a training does not tell. */
export interface StageOrigin {
  /** Of the batch norms that are folded into it. */
  readonly factors: Factors;
  /** Whether the training began with an untrained head. */
  readonly hasNewHead: boolean;
}

export class Learner {
  readonly classNames: readonly string[];
  readonly resize: Resize;
  readonly preprocessing: Preprocessing;
  /** Strides of the features that the head reads, coarse to fine. */
  readonly strides: readonly FeatureStride[];
  readonly #parts: FcnParts;
  readonly #head: FcnHead;

  private constructor(
    readonly variant: FcnVariant,
    /** Under this library's names, with the head. */
    readonly checkpoint: Checkpoint,
    readonly origin: StageOrigin,
    description: ModelBackbone,
    readonly options: LearnerOptions,
  ) {
    this.#parts = fcnParts(Parameters.of(checkpoint), [variant], description);
    this.#head = this.#parts.heads.get(variant) as FcnHead;
    const { classes, resize, preprocessing } = options;
    const known = trainedWith(description, checkpoint);
    this.classNames = typeof classes === "number" ? namesOf(checkpoint, classes, options.heads) : classes;
    this.resize = resize ?? known.resize ?? "none";
    this.preprocessing = preprocessing ?? known.preprocessing ?? IMAGENET;
    this.strides = [32, ...SKIPS[variant]];
  }

  /**
   * `origin` is given for a later stage of a training.
   * @throws bad-weights, bad-option
   */
  static async create(file: Checkpoint, options: LearnerOptions, origin?: StageOrigin): Promise<Learner> {
    const { variant, heads, mode } = options;
    const classes = typeof options.classes === "number" ? options.classes : options.classes.length;
    if (!Number.isInteger(classes) || classes < 2 || classes > 255)
      throw badOption(`createTrainer: classes must be 2 to 255 names or their number, got ${classes}`);
    const found = recognise(file);
    const backbone = await describeBackbone(found.checkpoint);
    const folded = mode === "all" ? withFoldedNorms(found.checkpoint) : undefined;
    const checkpoint = folded?.checkpoint ?? found.checkpoint;
    const factors: Factors = new Map([...(origin?.factors ?? []), ...(folded?.factors ?? [])]);
    const hasNewHead = origin?.hasNewHead ?? heads === "init";
    if (heads === "file") {
      if (found.variants.includes(variant) && found.classes === classes)
        return new Learner(variant, checkpoint, { factors, hasNewHead }, backbone, options);
      const has = `it has ${found.variants.join(", ") || "no head"}, ${found.classes ?? 0} classes`;
      throw new FcnError(
        "bad-weights",
        `${file.name} has no head for ${variant} with ${classes} classes: ${has}; ` +
          "createTrainer() without heads makes a new one",
      );
    }
    const withHead = withNewHead(checkpoint, backbone, classes, options);
    return new Learner(variant, withHead, { factors, hasNewHead }, backbone, options);
  }

  /** The weights that learn. */
  trained(mode: LearnerOptions["mode"]): Weight[] {
    const graph = new Graph();
    this.fromPicture(graph, 1, PROBE);
    const weights = new Map(graph.nodes.flatMap(({ weights }) => Object.values(weights)).map((w) => [w.name, w]));
    const isTrained = (name: string): boolean =>
      mode === "all" ? this.checkpoint.tensors.has(name) : this.#head.tensors.includes(name);
    return [...weights.values()].filter(({ name }) => isTrained(name));
  }

  /** Whether a tensor is of a head that was untrained. */
  isNew(name: string): boolean {
    return this.origin.hasNewHead && this.#head.tensors.includes(name);
  }

  /**
   * The checkpoint without the heads that do not go with the trained one: those of other classes, where its head is
   * new, and all others, where the backbone learns.
   */
  get kept(): Checkpoint {
    const { heads, mode } = this.options;
    const isWhole = heads === "file" && mode === "heads";
    return isWhole ? this.checkpoint : withoutHeads(this.checkpoint, (name) => this.#head.tensors.includes(name));
  }

  /** What a checkpoint says of this network besides what the backbone's file does. */
  get metadata(): ReadonlyMap<string, string> {
    const metadata = new Map([["classes", JSON.stringify(this.classNames)]]);
    // Where the backbone's file names a size, "none" must be said too.
    const isSaid = this.resize !== "none" || this.checkpoint.metadata.has("resize");
    return isSaid ? metadata.set("resize", `${this.resize}`) : metadata;
  }

  /** The head's tensors: their names in the checkpoint, and those that createFcn() knows them by. */
  get headTensors(): { readonly name: string; readonly short: string }[] {
    const prefix = `${this.variant}.`;
    return this.#head.tensors.map((name) => ({
      name,
      short: name.startsWith(prefix) ? name.slice(prefix.length) : name,
    }));
  }

  hasInHead(weight: Weight): boolean {
    return this.#head.tensors.includes(weight.name);
  }

  /** From an input "picture" of this size, RGBA, to logits of that size. */
  fromPicture(graph: Graph, count: number, size: PixelSize): Logits {
    return logitsOf(graph, this.#head, this.#features(graph, count, size), size);
  }

  /** From inputs "features 8" and so on, in f16, to logits. `size` is the picture's. */
  fromFeatures(graph: Graph, count: number, size: PixelSize): Logits {
    return logitsOf(graph, this.#head, this.#featureInputs(graph, count, size), size);
  }

  /** As fromFeatures() or fromPicture(), to labels [1, 1, height, width]. */
  labels(graph: Graph, from: "features" | "picture", sizes: LabelSizes): Value {
    const { seen } = sizes;
    const features = from === "features" ? this.#featureInputs(graph, 1, seen) : this.#features(graph, 1, seen);
    return this.#head.labels(graph, features, sizes);
  }

  /** From an input "picture" to the outputs "8", "16" and "32" that the head of a variant reads, in f16. */
  featureOutputs(graph: Graph, size: PixelSize, variant = this.variant): void {
    for (const [stride, map] of this.#features(graph, 1, size, variant)) graph.output(`${stride}`, map, "nhwc4-f16");
  }

  /** Bytes of the features that the head reads of a picture of this size, by stride. */
  featureBytes(size: PixelSize): ReadonlyMap<number, number> {
    const maps = [...this.#features(new Graph(), 1, size)];
    return new Map(maps.map(([stride, { shape }]) => [stride, layouts["nhwc4-f16"].byteSize(shape)]));
  }

  #features(
    graph: Graph,
    count: number,
    [height, width]: PixelSize,
    variant = this.variant,
  ): ReadonlyMap<FeatureStride, Value> {
    const image = graph.input("picture", [count, 4, height, width], "rgba8");
    const { mean, std } = this.preprocessing;
    const statistics = { mean: constant("mean", mean), std: constant("std", std) };
    const attrs = { height, width, padded: this.#parts.paddedSize([height, width]) };
    const normalised = graph.op("normalize", normalize, { image, ...statistics }, attrs).y;
    return this.#parts.features(graph, normalised, [variant]);
  }

  #featureInputs(graph: Graph, count: number, size: PixelSize): ReadonlyMap<FeatureStride, Value> {
    // The shapes are those that the backbone gives for a picture of this size.
    const shapes = this.#features(new Graph(), count, size);
    const inputs = new Map<FeatureStride, Value>();
    for (const [stride, { shape }] of shapes) {
      inputs.set(stride, graph.input(featureName(stride), shape, "nhwc4-f16"));
    }
    return inputs;
  }
}

export const featureName = (stride: number): string => `features ${stride}`;

function namesOf(checkpoint: Checkpoint, classes: number, heads: LearnerOptions["heads"]): readonly string[] {
  return heads === "file" ? classNamesOf(checkpoint, classes).classNames : numberedNames(classes);
}

/** The checkpoint with an untrained head. Its decoder is the backbone's own, or this library's in its geometry. */
function withNewHead(
  file: Checkpoint,
  description: ModelBackbone,
  classes: number,
  { variant, alignCorners }: LearnerOptions,
): Checkpoint {
  const isOwn = description.decoder === undefined;
  const metadata = new Map(isOwn ? [["align_corners", `${alignCorners}`]] : []);
  const checkpoint = overlaid(file, new Map(), metadata);
  const backbone = new Backbone(Parameters.of(checkpoint).at("backbone"), description);
  const style = styleOf(description, checkpoint);
  return withInitialHead(checkpoint, { head: variant, classes, backbone, style });
}
