/**
 * Heads that no file has: untrained ones, and those that a caller gives. And the features that heads of one's own start
 * from. A page loads this when it needs it.
 */
import { badOption } from "../../base/errors.js";
import type { Weight } from "../../kernel/weight.js";
import { Backbone } from "../../layers/backbone.js";
import { isTorchvisionHead } from "../../weights/heads.js";
import type { Head } from "../../weights/heads.js";
import { Parameters } from "../../weights/parameters.js";
import type { HeadChoice, ReplaceHeads, Replacement } from "../assemble.js";
import { buildNetwork, checkHeadFits } from "../build-network.js";
import type { Assembled, NetworkParts } from "../build-network.js";
import { PROBE_SIDE } from "../probe-graphs.js";
import { classNamesOf } from "../class-names.js";
import { styleOf } from "../fcn.js";
import type { HeadWeights, HeadsOptions } from "../head-weights.js";
import { modelOf } from "../model.js";
import type { LoadedModel } from "../model.js";
import type { Network } from "../network.js";
import { outputGraph } from "../output-graph.js";
import type { PreparedNetwork } from "../output-graph.js";
import { chosenHead, withGivenHead } from "./given-heads.js";
import type { ChosenHead } from "./given-heads.js";
import { withInitialHead } from "./initial-heads.js";
import { overlaid } from "./overlaid.js";

export { checkpointInMemory } from "./given-heads.js";
export { overlaid } from "./overlaid.js";
export { runFeatures } from "./run-features.js";

/** A network with an untrained head. */
export function untrainedNetwork({ found, backbone: description }: NetworkParts, head: Head, classes: number): Network {
  const { checkpoint } = found;
  const backbone = new Backbone(Parameters.of(checkpoint).at("backbone"), description);
  const style = styleOf(description, checkpoint);
  return buildNetwork(withInitialHead(checkpoint, { head, classes, backbone, style }), head, description);
}

/** A network with a head of the caller's. @throws bad-option, bad-weights */
export function networkWithHeads(
  { found, backbone }: NetworkParts,
  heads: HeadWeights,
  { variant, classNames, alignCorners }: HeadChoice,
): { readonly assembled: Assembled; readonly replaceHeads: ReplaceHeads } {
  const chosen = chosenHead("createFcn", heads, variant);
  const isOfThisLibrary = !isTorchvisionHead(chosen.head) && backbone.decoder === undefined;
  if (alignCorners !== undefined && !isOfThisLibrary)
    throw badOption(
      `createFcn: alignCorners is for heads under this library's names; those of ${chosen.head} over ` +
        `${backbone.name} have one geometry; leave it out`,
    );
  const metadata = new Map(alignCorners === undefined ? [] : [["align_corners", `${alignCorners}`]]);
  const checkpoint = overlaid(found.checkpoint, new Map(), metadata);
  const parts = { found: { ...found, checkpoint }, backbone };
  return {
    assembled: withHead(parts, chosen, classNames),
    replaceHeads: async (before, given, options) => replacement(parts, before, given, options),
  };
}

/**
 * Another head on the backbone of a model. Classes keep their names where they are as many as before.
 * @throws bad-option, bad-weights
 */
export function replacement(
  parts: NetworkParts,
  before: LoadedModel,
  heads: HeadWeights,
  { variant, classNames }: HeadsOptions,
): Replacement {
  const chosen = chosenHead("setHeads", heads, variant);
  const { head } = chosen;
  const { name, backbone } = before.network;
  if (isTorchvisionHead(head) !== isTorchvisionHead(name))
    throw badOption(
      `setHeads: ${head} cannot replace ${name}, because only ${isTorchvisionHead(head) ? head : name} has a ` +
        "dilated backbone; make another model with createFcn",
    );
  const assembled = withHead(parts, chosen, classNames, { backbone, classNames: before.classNames });
  const { preprocessing, resize } = before;
  const model = modelOf(assembled, { preprocessing, resize });
  const unused = new Set(weightsOf(before));
  for (const weight of weightsOf(model)) unused.delete(weight);
  return { model, unused };
}

/** `before` is what a model has already. */
function withHead(
  { found, backbone }: NetworkParts,
  { head, tensors }: ChosenHead,
  classNames: readonly string[] | undefined,
  before?: { readonly backbone: Backbone; readonly classNames: readonly string[] },
): Assembled {
  checkHeadFits(found, head);
  const hasPrefix = !isTorchvisionHead(head) && styleOf(backbone, found.checkpoint).hasPrefix;
  const checkpoint = withGivenHead(found.checkpoint, tensors, hasPrefix ? `${head}.` : "");
  const network = buildNetwork(checkpoint, head, backbone, before?.backbone);
  const { classes } = network;
  const kept = before?.classNames.length === classes ? before.classNames : undefined;
  return {
    network,
    description: `${backbone.name} with a head given in memory: ${head}, ${classes} classes`,
    ...classNamesOf({ name: checkpoint.name, metadata: new Map() }, classes, classNames ?? kept),
  };
}

/** The weights that graphs of a model use. */
function weightsOf(model: PreparedNetwork): Weight[] {
  const kinds = ["labels", "logits", ...(model.network.auxLogits ? (["aux"] as const) : [])] as const;
  const size = { count: 1, height: PROBE_SIDE, width: PROBE_SIDE };
  const graphs = kinds.map((kind) => outputGraph(model, { kind, ...size }));
  return graphs.flatMap(({ nodes }) => nodes.flatMap((node) => Object.values(node.weights)));
}
