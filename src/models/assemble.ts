/** Networks from a checkpoint: with a head of the file, with an untrained one, or with one that the caller gives. */
import { FcnError } from "../base/errors.js";
import { VOC_CLASSES } from "../image/palette.js";
import type { Weight } from "../kernel/weight.js";
import type { Recognised } from "../weights/names.js";
import { describeBackbone } from "./backbones/index.js";
import { buildNetwork, checkHeadFits } from "./build-network.js";
import type { Assembled, NetworkParts } from "./build-network.js";
import { classNamesOf } from "./class-names.js";
import type { HeadWeights, HeadsOptions } from "./head-weights.js";
import type { LoadedModel } from "./model.js";
import { importOwnHeads } from "./own-heads/import-own-heads.js";

/** Which head, and what its classes are called. */
export interface HeadChoice extends Pick<HeadsOptions, "variant" | "classNames"> {
  /** "file" (default): one of the checkpoint's. "init": an untrained one, where the checkpoint has none. */
  readonly heads?: "file" | "init" | HeadWeights | undefined;
  /** As in LoadOptions. */
  readonly atOnce?: boolean | undefined;
  /** For heads in memory; see CreateOptions. */
  readonly alignCorners?: boolean | undefined;
}

/** A model with other heads, and the weights that it does not use any more. */
export interface Replacement {
  readonly model: LoadedModel;
  readonly unused: ReadonlySet<Weight>;
}

/** Puts heads of the caller's on the backbone of a model. @throws bad-option, bad-weights */
export type ReplaceHeads = (before: LoadedModel, heads: HeadWeights, options: HeadsOptions) => Promise<Replacement>;

/** @throws bad-weights when the file has no such head and `heads` is "file"; bad-option */
export async function assemble(
  found: Recognised,
  choice: HeadChoice,
): Promise<{ readonly assembled: Assembled; readonly replaceHeads: ReplaceHeads }> {
  const { heads = "file", variant = found.variants[0] ?? "fcn8s", atOnce } = choice;
  const isTrained = heads !== "init" || found.variants.includes(variant);
  const backbone = await describeBackbone(found.checkpoint, { atOnce, variants: [variant], isTrained });
  if (typeof heads === "object") return (await importOwnHeads()).networkWithHeads({ found, backbone }, heads, choice);
  const parts = { found, backbone };
  return {
    assembled: await fromFile(parts, heads, choice),
    replaceHeads: async (before, given, options) => (await importOwnHeads()).replacement(parts, before, given, options),
  };
}

async function fromFile(parts: NetworkParts, heads: "file" | "init", choice: HeadChoice): Promise<Assembled> {
  const { found, backbone } = parts;
  const { checkpoint, description, variants } = found;
  const { variant = variants[0] ?? "fcn8s", classNames } = choice;
  const isInFile = variants.includes(variant);
  if (!isInFile) checkHeadFits(found, variant);
  if (!isInFile && heads === "file") {
    const instead = variants.length ? `load it as ${variants.join(" or ")}, or ` : "";
    throw new FcnError(
      "bad-weights",
      `${checkpoint.name} is ${description}; it has no head for ${variant}: ` +
        `${instead}give heads: "init" (--heads init) for an untrained one`,
    );
  }
  const untrainedClasses = found.classes ?? classNames?.length ?? VOC_CLASSES.length;
  const network = isInFile
    ? buildNetwork(checkpoint, variant, backbone)
    : (await importOwnHeads()).untrainedNetwork(parts, variant, untrainedClasses);
  // Metadata of a backbone alone are not about the classes of an untrained head.
  const metadata = found.classes === undefined ? new Map<string, string>() : checkpoint.metadata;
  const named = classNamesOf({ name: checkpoint.name, metadata }, network.classes, classNames);
  const file = `${checkpoint.name} is ${description}`;
  const ofHead = `the head of ${variant} is untrained, so its labels mean nothing: ${file}`;
  const notice = [isInFile ? "" : ofHead, named.notice].filter(Boolean).join("; ") || undefined;
  return { network, description, classNames: named.classNames, notice };
}
