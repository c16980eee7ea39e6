/**
 * What can be compared, and its graph: FCN-32s, 16s and 8s as three heads on one backbone, or torchvision's network, which has a
 * backbone of its own (dilated) and stands alone.
 */
import { argmax } from "../../shaders/argmax/kernel.js";
import { resizeArgmax } from "../../shaders/resize-argmax/kernel.js";
import { FcnError } from "../base/errors.js";
import type { Graph, Value } from "../plan/graph.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import type { Recognised } from "../weights/names.js";
import { Parameters } from "../weights/parameters.js";
import { FCN_VARIANTS, FcnHead } from "./fcn.js";
import type { FinalStep } from "./pixel-scores.js";
import type { Resize } from "./preprocessing.js";
import { ResNet101 } from "./resnet101.js";
import { TORCHVISION_VARIANT, torchvisionNetwork } from "./torchvision.js";

/** The variants that stand on one and the same backbone, coarse to fine. */
export const COMPARED = FCN_VARIANTS;
/** All that a comparison takes. */
export const COMPARABLE = [...COMPARED, TORCHVISION_VARIANT] as const;
export type ComparedVariant = (typeof COMPARABLE)[number];

/** The stage of all that the variants share: normalisation and backbone. The other stages are the variants. */
export const SHARED = "shared";

type Size = readonly [height: number, width: number];

export interface ComparedNetworks {
  readonly classes: number;
  /** Shorter side that pictures are brought to. */
  readonly resize: Resize;
  /** A normalised picture to a variant's labels at the picture's size, and the scores they come from where pixels can be asked for them. */
  apply(
    graph: Graph,
    image: Value,
    variants: readonly ComparedVariant[],
    size: Size,
  ): ReadonlyMap<ComparedVariant, { readonly labels: Value; readonly scores?: Value }>;
  /** The last step from scores to logits, where pixels can be asked for them. */
  finalStep(variant: ComparedVariant): Promise<FinalStep | undefined>;
  /** What the names of a head's tensors and steps begin with. */
  prefixOf(variant: ComparedVariant): string;
}

/** Why these cannot stand side by side in one sentence; undefined where they can. */
export function mixtureProblem(variants: readonly string[]): string | undefined {
  const others = variants.filter((variant) => variant !== TORCHVISION_VARIANT);
  if (others.length === variants.length || others.length === 0) return undefined;
  return `compare: ${TORCHVISION_VARIANT} has a dilated backbone of its own and cannot share one with ${others.join(" and ")}; compare it alone, and the others in a run of their own`;
}

/**
 * What to compare of a checkpoint: what is asked for, else all heads on the plain backbone, else torchvision's network.
 * @throws bad-option for a mixture that cannot be compared, bad-weights where the checkpoint has no such head
 */
export function variantsToCompare(
  { checkpoint, description, variants }: Recognised,
  asked?: readonly ComparedVariant[],
): ComparedVariant[] {
  const there = COMPARABLE.filter((variant) => variants.includes(variant));
  const plain = there.filter((variant) => variant !== TORCHVISION_VARIANT);
  const chosen = asked ? COMPARABLE.filter((variant) => asked.includes(variant)) : plain.length ? plain : there;
  const problem = mixtureProblem(chosen);
  if (problem !== undefined) throw new FcnError("bad-option", problem);
  const missing = chosen.filter((variant) => !there.includes(variant));
  if (missing.length)
    throw new FcnError(
      "bad-weights",
      `${checkpoint.name} is ${description}; it has no head for ${missing.join(" and ")}${there.length ? `, only for ${there.join(", ")}` : ""}`,
    );
  if (!chosen.length)
    throw new FcnError(
      "bad-weights",
      `${checkpoint.name} is ${description}; without a head there is nothing to compare`,
    );
  return chosen;
}

/** @throws bad-weights, bad-option */
export function comparedNetworks(checkpoint: Checkpoint, variants: readonly ComparedVariant[]): ComparedNetworks {
  if (variants.length === 0) throw new FcnError("bad-option", "compare: name at least one variant");
  const problem = mixtureProblem(variants);
  if (problem !== undefined) throw new FcnError("bad-option", problem);
  const params = Parameters.of(checkpoint);
  return variants.includes(TORCHVISION_VARIANT)
    ? torchvisionAlone(params)
    : paperNetworks(params, checkpoint.name, variants);
}

function paperNetworks(params: Parameters, name: string, variants: readonly ComparedVariant[]): ComparedNetworks {
  const chosen = COMPARED.filter((variant) => variants.includes(variant));
  const backbone = new ResNet101(params.at("backbone"));
  const heads = new Map<ComparedVariant, FcnHead>(
    chosen.map((v) => [v, new FcnHead(params.at(v), v, backbone.channels)]),
  );
  const others = [...COMPARED.filter((v) => !chosen.includes(v)), "classifier", "aux_classifier"].map((v) => `${v}.`);
  params.allow(
    (tensor) => tensor.endsWith(".num_batches_tracked") || others.some((prefix) => tensor.startsWith(prefix)),
  );
  params.finish(chosen.join(", "));
  const counts = [...new Set([...heads.values()].map((head) => head.classes))];
  if (counts.length > 1)
    throw new FcnError(
      "bad-weights",
      `${name}: its heads have ${counts.join(" and ")} classes; networks of one set of classes can be compared`,
    );
  return {
    classes: counts[0] ?? 0,
    resize: "none",
    apply(graph, image, wanted, size) {
      const features = backbone.apply(graph, image);
      return new Map(wanted.map((v) => [v, (heads.get(v) as FcnHead).scored(graph, features, size)]));
    },
    finalStep: async (variant) => heads.get(variant)?.finalStep(),
    prefixOf: (variant) => `${variant}.`,
  };
}

function torchvisionAlone(params: Parameters): ComparedNetworks {
  const network = torchvisionNetwork(params);
  const prefix = "classifier.";
  return {
    classes: network.classes,
    resize: network.resize ?? "none",
    apply(graph, image, wanted, [height, width]) {
      const x = network.logits(graph, image);
      const same = x.shape[2] === height && x.shape[3] === width;
      const name = `${prefix}labels`;
      const labels = same ? graph.op(name, argmax, { x }).y : graph.op(name, resizeArgmax, { x }, { height, width }).y;
      return new Map(wanted.map((v) => [v, { labels }]));
    },
    finalStep: async () => undefined,
    prefixOf: () => prefix,
  };
}
