/** The groups of a set: from checkpoints to networks that share a backbone, of one file or of several. */
import { copiedArrays } from "../base/copied-arrays.js";
import { FcnError, badOption } from "../base/errors.js";
import { checkKind, checkOneOf, checkOptions, typeName } from "../base/options.js";
import type { Kinds } from "../base/options.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import { checkCheckpoint } from "../weights/given.js";
import { isTorchvisionHead } from "../weights/heads.js";
import { recognise } from "../weights/names.js";
import type { Recognised } from "../weights/names.js";
import { describeBackbone } from "./backbones/index.js";
import { COMPARABLE, variantsByBackbone } from "./compared.js";
import type { ComparedVariant } from "./compared.js";
import { partNames, prepareComparison } from "./comparison-graph.js";
import type { PreparedComparison } from "./comparison-graph.js";
import type { PartNames } from "./network-cost.js";
import type { Preprocessing, Resize } from "./preprocessing.js";
import type { NetworkClasses } from "./set-classes.js";
import { MAX_NETWORKS, nameGroups, shortWeightsNames } from "./set-names.js";
import type { GroupNames } from "./set-names.js";
import { haveSameBackbone } from "./shared-backbone.js";

/** A checkpoint with what is its own in a set. */
export interface ComparedCheckpoint {
  /** Must stay open while the set is used. */
  readonly checkpoint: Checkpoint;
  /** From which the names of its networks come, as "fcn8s of NAME". Default: the checkpoint's name. */
  readonly name?: string;
  /** Must all be there. Default: the set's `variants`, or all for which the checkpoint has heads. */
  readonly variants?: readonly ComparedVariant[];
  /** Mean and standard deviation with which the weights were trained. Default: as the networks are known for. */
  readonly preprocessing?: Preprocessing;
  /** As in LoadOptions. */
  readonly atOnce?: boolean;
}

const CHECKPOINT_KINDS: Kinds<ComparedCheckpoint> = {
  checkpoint: "an object",
  name: "a string",
  variants: "an array",
  preprocessing: "an object",
  atOnce: "a boolean",
};

/** Networks of one checkpoint in a group. */
export interface GroupMember extends NetworkClasses {
  /** Index of the checkpoint. */
  readonly of: number;
  readonly checkpoint: Checkpoint;
  readonly description: string;
  readonly prepared: PreparedComparison;
  readonly parts: PartNames;
  /** Names of its networks by their variants. */
  readonly names: ReadonlyMap<string, string>;
}

/** A network of a group. */
export interface GroupHead {
  readonly name: string;
  readonly variant: ComparedVariant;
  /** Index of its member. */
  readonly member: number;
}

/** Networks that share a backbone, with their names. The first member's backbone is used. */
export interface OpenGroup extends Pick<GroupNames, "name" | "shared" | "together"> {
  readonly members: readonly [GroupMember, ...GroupMember[]];
  readonly heads: readonly GroupHead[];
  /** Names of the heads. */
  readonly networks: readonly string[];
  readonly resize: Resize;
}

const CALL = "ComparisonSet.open";

/** @throws bad-option */
function checkGiven(given: Checkpoint | ComparedCheckpoint): ComparedCheckpoint {
  checkKind(`${CALL}: each of checkpoints`, given, "an object");
  const isBare = typeName(given) === "Object" && "tensors" in given;
  const own: ComparedCheckpoint = isBare ? { checkpoint: given } : (given as ComparedCheckpoint);
  checkOptions(`${CALL}(device, [{ checkpoint: ..., name: ... }])`, own, CHECKPOINT_KINDS);
  checkCheckpoint(CALL, own.checkpoint);
  if (own.variants?.length === 0) throw badOption("compare: name at least one variant");
  for (const variant of own.variants ?? []) checkOneOf("variant", variant, COMPARABLE);
  return own;
}

/** Networks of one checkpoint over one backbone. */
interface Part {
  /** Index of the checkpoint. */
  readonly of: number;
  readonly variants: readonly ComparedVariant[];
  readonly found: Recognised;
  readonly prepared: PreparedComparison;
}

type Parts = readonly [Part, ...Part[]];

async function partsOf(
  own: ComparedCheckpoint,
  of: number,
  asked: readonly ComparedVariant[] | undefined,
): Promise<Part[]> {
  const preprocessing = copiedArrays(own.preprocessing);
  const found = recognise(own.checkpoint);
  const { checkpoint } = found;
  const byBackbone = variantsByBackbone(found, own.variants ?? asked, own.variants !== undefined);
  const description = await describeBackbone(checkpoint, { atOnce: own.atOnce, variants: byBackbone.flat() });
  return byBackbone.map((variants) => {
    const prepared = prepareComparison({ checkpoint, variants, description, preprocessing });
    return { of, variants, found, prepared };
  });
}

/** @throws bad-weights for a variant that none of the checkpoints has */
function checkAsked(asked: readonly ComparedVariant[], parts: readonly Part[]): void {
  const missing = asked.filter((variant) => !parts.some((part) => part.variants.includes(variant)));
  if (missing.length)
    throw new FcnError("bad-weights", `compare: none of the checkpoints has a head for ${missing.join(" or ")}`);
}

/** What a backbone computes depends on these besides its weights. */
function usageOf({ found, variants, prepared: { networks, preprocessing } }: Part): string {
  const isDilated = variants.some(isTorchvisionHead);
  const padded = PROBED_SIZES.map((size) => networks.paddedSize?.(size) ?? size);
  return JSON.stringify([found.backbone, isDilated, preprocessing, networks.resize, padded]);
}

/** Two sizes of pictures that tell the rules of padding apart. */
const PROBED_SIZES = [
  [1, 40],
  [64, 97],
] as const;

/** Parts of different checkpoints that share a backbone, in the order of the first of each. @throws bad-weights */
async function sharingParts(parts: readonly Part[]): Promise<Parts[]> {
  const groups: [Part, ...Part[]][] = [];
  for (const part of parts) {
    let own: [Part, ...Part[]] | undefined;
    for (const group of groups) {
      const [first] = group;
      if (own || usageOf(first) !== usageOf(part)) continue;
      if (await haveSameBackbone(first.found.checkpoint, part.found.checkpoint)) own = group;
    }
    if (own) own.push(part);
    else groups.push([part]);
  }
  return groups;
}

/**
 * Networks of the checkpoints, a group for each backbone.
 * @throws bad-weights, bad-option
 */
export async function openGroups(
  checkpoints: readonly (Checkpoint | ComparedCheckpoint)[],
  asked: readonly ComparedVariant[] | undefined,
): Promise<OpenGroup[]> {
  checkKind(`${CALL}: checkpoints`, checkpoints, "an array");
  const given = Array.from(checkpoints, checkGiven);
  if (given.length === 0) throw badOption(`${CALL}: give at least one checkpoint`);
  if (asked?.length === 0) throw badOption("compare: name at least one variant");
  const parts = (await Promise.all(given.map((own, i) => partsOf(own, i, asked)))).flat();
  checkAsked(asked ?? [], parts);
  const count = parts.reduce((sum, { variants }) => sum + variants.length, 0);
  if (count > MAX_NETWORKS)
    throw badOption(`compare: these are ${count} networks; ${MAX_NETWORKS} at most can be compared at once`);
  const weights = shortWeightsNames(given.map(({ name, checkpoint }) => name ?? checkpoint.name));
  const groups = await sharingParts(parts);
  const names = nameGroups(groups, weights);
  return groups.map((group, i) => openGroup(group, names[i] as GroupNames, weights));
}

function openGroup(group: Parts, { networks, ...names }: GroupNames, weights: readonly string[]): OpenGroup {
  const members = group.map(({ of, found, variants, prepared }, i): GroupMember => {
    const own = variants.map((variant, k) => [variant, networks[i]?.[k] ?? variant] as const);
    const { checkpoint, description } = found;
    const { classes } = prepared.networks;
    const parts = partNames(prepared);
    return { name: weights[of] ?? "", of, checkpoint, description, classes, prepared, parts, names: new Map(own) };
  }) as [GroupMember, ...GroupMember[]];
  const heads = members.flatMap(({ prepared, names: ownNames }, member) =>
    prepared.variants.map((variant): GroupHead => ({ name: ownNames.get(variant) ?? variant, variant, member })),
  );
  return {
    ...names,
    members,
    heads,
    networks: heads.map(({ name }) => name),
    resize: members[0].prepared.networks.resize,
  };
}
