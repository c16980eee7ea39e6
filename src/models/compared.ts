/**
 * What can be compared: FCN-32s, 16s and 8s as three heads on one backbone, or torchvision's network, which has a
 * backbone of its own (dilated) and is compared alone.
 */
import { FcnError, badOption } from "../base/errors.js";
import { labelsAt } from "../layers/upsample.js";
import type { Graph, Value } from "../plan/graph.js";
import { backboneOf } from "../weights/backbone-kind.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import { TORCHVISION_HEADS, headsIn, isTorchvisionHead, torchvisionHeadOf } from "../weights/heads.js";
import type { Recognised } from "../weights/names.js";
import { Parameters } from "../weights/parameters.js";
import type { ModelBackbone } from "./backbones/model-backbone.js";
import { FCN_VARIANTS } from "./fcn-head.js";
import type { FcnHead, FcnVariant } from "./fcn-head.js";
import { fcnParts, trainedWith } from "./fcn.js";
import type { Network } from "./network.js";
import type { NormalisedInput } from "./output-graph.js";
import type { FinalStep } from "./pixel-scores.js";
import type { Resize } from "./preprocessing.js";
import { torchvisionNetwork } from "./torchvision.js";

/** The variants that share one backbone, coarse to fine. */
export const COMPARED = FCN_VARIANTS;
/** All variants that a comparison takes. */
export const COMPARABLE = [...COMPARED, ...TORCHVISION_HEADS] as const;
/** A network that a comparison takes: one of the paper's, or torchvision's over one of the ResNets. */
export type ComparedVariant = (typeof COMPARABLE)[number];

/** The stage of everything that the variants share: normalisation and backbone. The other stages are the variants. */
export const SHARED = "shared";

/** The outputs of one head. */
export interface ComparedOutputs {
  /** [1, 1, height, width]. */
  readonly labels: Value;
  /** The scores from which the labels come, at the stride of the last step. Absent for torchvision's network. */
  readonly scores?: Value;
}

export interface ComparedNetworks extends Pick<Network, "preprocessing" | "paddedSize"> {
  readonly classes: number;
  /** Shorter side to which pictures are resized. */
  readonly resize: Resize;
  /** A normalised picture to each variant's outputs, with labels at the picture's own size. */
  apply(
    graph: Graph,
    input: NormalisedInput,
    variants: readonly ComparedVariant[],
    size: readonly [height: number, width: number],
  ): ReadonlyMap<ComparedVariant, ComparedOutputs>;
  /** The last step from scores to logits, where pixels can be asked for them. */
  finalStep(variant: ComparedVariant): Promise<FinalStep | undefined>;
  /** What the labels of a head's steps begin with. */
  prefixOf(variant: ComparedVariant): string;
  /** Whether a tensor of the checkpoint is the head's. */
  isOfHead(variant: ComparedVariant, tensor: string): boolean;
}

/** Why these variants cannot share a backbone, as a sentence; undefined where they can. */
function mixtureProblem(variants: readonly string[]): string | undefined {
  const dilated = variants.find(isTorchvisionHead);
  const others = variants.filter((variant) => variant !== dilated);
  if (dilated === undefined || others.length === 0) return undefined;
  return (
    `new Comparison: ${dilated} has a dilated backbone of its own and cannot share one with ` +
    `${others.join(" and ")}; ComparisonSet.open(device, [checkpoint]) compares networks over several backbones`
  );
}

/**
 * The variants of a checkpoint to compare, a list for each backbone: the undilated one first. Without `asked` they are
 * all for which there are heads.
 * @param isEach whether the checkpoint must have all that is asked for, or may have some of it
 * @throws bad-weights where the checkpoint lacks a head that is asked for, or has none at all
 */
export function variantsByBackbone(
  found: Pick<Recognised, "variants" | "description"> & { readonly checkpoint: Pick<Checkpoint, "name"> },
  asked?: readonly ComparedVariant[],
  isEach = true,
): ComparedVariant[][] {
  const { checkpoint, description } = found;
  const available = COMPARABLE.filter((variant) => found.variants.includes(variant));
  const wanted = asked ? COMPARABLE.filter((variant) => asked.includes(variant)) : available;
  const chosen = wanted.filter((variant) => available.includes(variant));
  const missing = wanted.filter((variant) => !available.includes(variant));
  if (missing.length > 0 && (isEach || chosen.length === 0)) {
    const instead = available.length ? `, only for ${available.join(", ")}` : "";
    throw new FcnError(
      "bad-weights",
      `${checkpoint.name} is ${description}; it has no head for ${missing.join(" and ")}${instead}`,
    );
  }
  if (!chosen.length)
    throw new FcnError(
      "bad-weights",
      `${checkpoint.name} is ${description}; without a head there is nothing to compare`,
    );
  const byBackbone = [chosen.filter((own) => !isTorchvisionHead(own)), chosen.filter(isTorchvisionHead)];
  return byBackbone.filter((variants) => variants.length > 0);
}

/**
 * `description` is of the checkpoint's backbone; describeBackbone() gives it.
 * @throws bad-weights, bad-option
 */
export function comparedNetworks(
  checkpoint: Checkpoint,
  variants: readonly ComparedVariant[],
  description: ModelBackbone,
): ComparedNetworks {
  if (variants.length === 0) throw badOption("compare: name at least one variant");
  const problem = mixtureProblem(variants);
  if (problem !== undefined) throw badOption(problem);
  const params = Parameters.of(checkpoint);
  const dilated = variants.find(isTorchvisionHead);
  if (dilated === undefined) return paperNetworks(params, variants, description);
  checkBackboneOf(dilated, checkpoint);
  return torchvisionAlone(params);
}

/** @throws bad-weights where torchvision's network of this name has another backbone than the checkpoint */
function checkBackboneOf(dilated: ComparedVariant, checkpoint: Checkpoint): void {
  const kind = backboneOf(checkpoint);
  if (torchvisionHeadOf(kind) === dilated) return;
  const heads = headsIn(kind, (name) => checkpoint.tensors.has(name));
  const instead = heads.length ? `; it has heads for ${heads.join(", ")}` : "";
  throw new FcnError(
    "bad-weights",
    `${checkpoint.name} has a backbone ${kind.name}, ${dilated} has another one${instead}`,
  );
}

function paperNetworks(
  params: Parameters,
  variants: readonly ComparedVariant[],
  description: ModelBackbone,
): ComparedNetworks {
  const chosen = COMPARED.filter((variant) => variants.includes(variant));
  const parts = fcnParts(params, chosen, description);
  const headOf = (variant: ComparedVariant): FcnHead => parts.heads.get(variant as FcnVariant) as FcnHead;
  const counts = [...new Set(chosen.map((variant) => headOf(variant).classes))];
  if (counts.length > 1)
    throw new FcnError(
      "bad-weights",
      `${params.checkpoint.name}: its heads have ${counts.join(" and ")} classes; ` +
        "networks of one set of classes can be compared",
    );
  return {
    classes: counts[0] ?? 0,
    resize: "none",
    ...trainedWith(description, params.checkpoint),
    paddedSize: (size) => parts.paddedSize(size),
    apply(graph, { image, size: seen }, wanted, size) {
      const features = parts.features(graph, image, wanted as readonly FcnVariant[]);
      return new Map(wanted.map((variant) => [variant, headOf(variant).scored(graph, features, { seen, size })]));
    },
    finalStep: async (variant) => {
      const { step, learned, weight } = headOf(variant).final;
      return { step, learned, kernel: await weight.read() };
    },
    prefixOf: (variant) => headOf(variant).prefix,
    isOfHead: (variant, tensor) => headOf(variant).tensors.includes(tensor),
  };
}

function torchvisionAlone(params: Parameters): ComparedNetworks {
  const network = torchvisionNetwork(params);
  const prefix = "classifier.";
  return {
    classes: network.classes,
    resize: network.resize ?? "none",
    apply(graph, { image, size: seen }, wanted, size) {
      const labels = labelsAt(graph, `${prefix}labels`, network.logits(graph, image, seen), size);
      return new Map(wanted.map((variant) => [variant, { labels }]));
    },
    finalStep: async () => undefined,
    prefixOf: () => prefix,
    isOfHead: (_, tensor) => tensor.startsWith(prefix),
  };
}
