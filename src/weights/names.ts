/**
 * Recognises whose tensor names a checkpoint has, and maps them to ours (`backbone.*`, `fcn8s.*`, `classifier.*`,
 * `aux_classifier.*`, pytorch-fcn's `score_fr.*`; weights/README.md). It knows the naming schemes of name-schemes.ts,
 * with or without the prefixes of wrappers.
 *
 * Not here: whether every tensor is there with the right shape (parameters.ts reports that, in our names), and reading
 * files.
 */
import { PUBLISHED_WIDTHS, identify } from "./backbone-kind.js";
import type { BackboneKind } from "./backbone-kind.js";
import type { Checkpoint } from "./checkpoint.js";
import { isFloatingPoint } from "./dtype.js";
import { chooseSentence, findBackbone, unwrapNames } from "./find-backbone.js";
import type { FoundBackbone } from "./find-backbone.js";
import { auxiliaryFits, headsIn, isHead, isTorchvisionHead, projectionOf } from "./heads.js";
import type { Head } from "./heads.js";
import { unpruned } from "./pruned.js";
import type { NamingScheme } from "./name-schemes.js";
import { renamed } from "./renamed.js";
import type { RenameChanges } from "./renamed.js";
import { badWeights, quote, quoteFirst } from "./source.js";

/** What a checkpoint was recognised as. */
export interface Recognised {
  /** FCN heads over a backbone, torchvision's network, or a backbone alone. */
  readonly architecture: "fcn" | "torchvision-fcn" | `${string}-backbone`;
  /** One sentence, such as `torchvision fcn_resnet101: dilated, 21 classes, with aux head`. */
  readonly description: string;
  /** Networks that the heads in the file allow, finest first; none for a backbone alone. */
  readonly variants: readonly Head[];
  /** Which network the backbone is. */
  readonly backbone: BackboneKind;
  /** Channels of the first convolution: 64 in the published ResNets. */
  readonly width: number;
  /** Classes of the heads; undefined for a backbone alone. */
  readonly classes: number | undefined;
  /** Has torchvision's auxiliary head. */
  readonly aux: boolean;
  /** The same file under our names, without the ignored tensors. Unknown layers stay, for parameters.ts to report. */
  readonly checkpoint: Checkpoint;
  /** Names in the file that are left out on purpose: counters, losses, ImageNet's classifier, a detector. */
  readonly ignored: readonly string[];
}

const BACKBONE = "backbone.";

/**
 * Recognises the origin of a checkpoint and maps its names to ours.
 * @throws bad-weights for anything but a known backbone, with or without heads
 */
export function recognise(given: Checkpoint): Recognised {
  const file = unpruned(given);
  const unwrapped = unwrapNames([...file.tensors.keys()]);
  const place = findBackbone(file, unwrapped);
  const { ours, others, ignored, imageNetClasses } = sortNames(file, unwrapped, place);
  if ([...ours.keys()].some((name) => name.startsWith("classifier.0.convs."))) {
    const fault = "it is torchvision's DeepLabV3, whose head is not an FCN's";
    throw badWeights(
      file.name,
      `${fault}; of torchvision's segmentation networks fcn_resnet50 and fcn_resnet101 can be used`,
    );
  }
  const changes = changesOf(file, place.scheme);
  const kind = identify(renamed(file, ours, changes), place.scheme.family);
  const { width } = kind;
  const variants = headsIn(kind, (name) => ours.has(name));
  const [finest] = variants;
  // Heads that nothing can use: all of a bare backbone, and an auxiliary head of other shapes.
  const auxFits = auxiliaryFits(kind, (name) => file.tensors.get(ours.get(name) ?? "")?.shape);
  for (const [name, theirs] of ours) {
    if (!(finest === undefined ? isHead(name) : !auxFits && name.startsWith("aux_classifier."))) continue;
    others.push(theirs);
    ours.delete(name);
  }
  for (const theirs of others) ignored.push(theirs);
  const checkpoint = renamed(file, ours, changes);
  const facts = {
    architecture: architectureOf(finest, kind),
    variants,
    backbone: kind,
    width,
    classes: finest && checkpoint.tensors.get(projectionOf(finest, kind))?.shape[0],
    aux: ours.has("aux_classifier.4.weight"),
  };
  const bare = `${place.scheme.origin(kind, place.prefix)}: ${bareFact(file, others)}`;
  const rest = restOf(imageNetClasses, others, finest !== undefined);
  return { ...facts, description: describe(facts, bare, rest), checkpoint, ignored };
}

/** What of the file changes besides its names. */
const changesOf = (file: Checkpoint, { shapeOf, metadata = {} }: NamingScheme): RenameChanges => ({
  metadata: new Map([...file.metadata, ...Object.entries(metadata)]),
  shapeOf,
});

interface SortedNames {
  /** From our names to the file's. */
  readonly ours: Map<string, string>;
  /** Names of the file that are neither the backbone's nor a head's. */
  readonly others: string[];
  readonly ignored: string[];
  /** Outputs of the linear classifier left out. */
  readonly imageNetClasses: number | undefined;
}

/** `unwrapped` are the file's names without what wrappers put into them. */
function sortNames(file: Checkpoint, unwrapped: readonly string[], place: FoundBackbone): SortedNames {
  const ours = new Map<string, string>();
  const others: string[] = [];
  const ignored: string[] = [];
  let imageNetClasses: number | undefined;
  let index = 0;
  for (const { name: theirs, shape, dtype } of file.tensors.values()) {
    const name = unwrapped[index++] ?? theirs;
    if (name.endsWith(".num_batches_tracked")) {
      ignored.push(theirs);
      continue;
    }
    if (isLinearClassifier(name, shape, place)) {
      ignored.push(theirs);
      if (shape.length === 2) imageNetClasses = shape[0];
      continue;
    }
    const isCounter = !isFloatingPoint(dtype) && !/(^|\.)(weight|bias|running_mean|running_var)$/.test(name);
    const mapped = isCounter ? undefined : ourName(name, place);
    if (mapped === undefined) {
      others.push(theirs);
      continue;
    }
    const first = ours.get(mapped);
    if (first !== undefined) throw bothMap(file, first, theirs, mapped);
    ours.set(mapped, theirs);
  }
  return { ours, others, ignored, imageNetClasses };
}

/** Says what to do where one name is a wrapper's prefix and the other name: the file then holds the network twice. */
function bothMap({ name }: Checkpoint, first: string, second: string, ours: string): Error {
  const [short = "", long = ""] = [first, second].sort((a, b) => a.length - b.length);
  const cure = long.endsWith(`.${short}`) ? `; ${chooseSentence(long.slice(0, -short.length - 1))}` : "";
  return badWeights(name, `its tensors ${quote(first)} and ${quote(second)} both map to ${ours}${cure}`);
}

/** ImageNet's. In torchvision's FCN `classifier.1` is the batch norm of a head, and not meant here. */
function isLinearClassifier(name: string, shape: readonly number[], { prefix }: FoundBackbone): boolean {
  if (!/(^|\.)(fc|classifier(\.[16])?)\.(weight|bias)$/.test(name)) return false;
  return shape.length === 2 || !isHead(besideBackbone(name, prefix) ?? "");
}

/** Our name of a tensor of the backbone or of a head; undefined for all others. */
function ourName(name: string, { prefix, scheme }: FoundBackbone): string | undefined {
  const inside = name.startsWith(prefix) ? scheme.ours(name.slice(prefix.length)) : undefined;
  if (inside !== undefined) return BACKBONE + inside;
  const head = prefix === "" ? name : besideBackbone(name, prefix);
  return head !== undefined && isHead(head) ? head : undefined;
}

/** The name below the module that holds the backbone: heads lie beside a module called "backbone". */
function besideBackbone(name: string, prefix: string): string | undefined {
  if (!prefix.endsWith(BACKBONE)) return undefined;
  const parent = prefix.slice(0, -BACKBONE.length);
  return name.startsWith(parent) ? name.slice(parent.length) : undefined;
}

function architectureOf(finest: Head | undefined, kind: BackboneKind): Recognised["architecture"] {
  if (finest === undefined) return `${kind.family === "resnet" ? `resnet${kind.depth}` : kind.family}-backbone`;
  return isTorchvisionHead(finest) ? "torchvision-fcn" : "fcn";
}

type Facts = Pick<Recognised, "architecture" | "variants" | "backbone" | "width" | "classes" | "aux">;

/** `bare` describes a backbone alone, `rest` what was ignored. */
function describe(facts: Facts, bare: string, rest: string): string {
  const { architecture, variants, backbone, width, classes = 0, aux } = facts;
  const heads = `head${variants.length > 1 ? "s" : ""} ${variants.join(", ")}`;
  const count = `${classes} class${classes === 1 ? "" : "es"}`;
  const dilated = `torchvision ${(variants[0] ?? "").replace("-", "_")}: dilated, ${count}, `;
  const descriptions: Readonly<Record<string, string>> = {
    fcn: `${ORIGINS[backbone.family]} ${backbone.name}: ${heads}, ${count}`,
    "torchvision-fcn": `${dilated}${aux ? "with" : "without"} aux head`,
  };
  const description = (descriptions[architecture] ?? bare) + rest;
  return width === PUBLISHED_WIDTHS[backbone.family] ? description : `${description}, ${width} planes`;
}

/** Whose names the heads have. */
const ORIGINS: Readonly<Record<BackboneKind["family"], string>> = {
  resnet: "fcn-webgpu",
  "mobilenet-v2": "fcn-webgpu",
  vgg16: "pytorch-fcn",
};

/** A convolution outside the backbone is a head of some kind, whatever its name. */
function bareFact({ tensors }: Checkpoint, others: readonly string[]): string {
  const head = others.find((name) => tensors.get(name)?.shape.length === 4);
  return head === undefined ? "backbone only" : `beside a head that is not an FCN's (${quote(head)})`;
}

/** What was ignored: by name beside heads, where people may miss it; by number beside a bare backbone. */
function restOf(imageNetClasses: number | undefined, others: readonly string[], named: boolean): string {
  if (imageNetClasses !== undefined) return `, ${imageNetClasses}-class classifier ignored`;
  if (others.length === 0) return "";
  const names = named ? ` (${quoteFirst(others)}${others.length > 4 ? ", ..." : ""})` : "";
  return `, ${others.length} other tensor${others.length > 1 ? "s" : ""} ignored${names}`;
}
