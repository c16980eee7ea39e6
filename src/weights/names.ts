/**
 * Recognises whose tensor names a checkpoint has, and maps them to ours (`backbone.*`, `fcn8s.*`, `classifier.*`,
 * `aux_classifier.*`; weights/README.md). It knows torchvision, timm, Hugging Face's ResNet and DETR's backbone, with
 * or without the prefixes of wrappers.
 *
 * Not here: whether every tensor is there with the right shape (parameters.ts reports that, in our names), and reading
 * files.
 */
import type { Checkpoint } from "./checkpoint.js";
import { isFloatingPoint } from "./dtype.js";
import { findBackbone, fromHuggingFace, originOf, unwrapNames } from "./name-schemes.js";
import type { Backbone } from "./name-schemes.js";
import { unpruned } from "./pruned.js";
import { renamed } from "./renamed.js";
import { identify, resnetName } from "./resnet-kind.js";
import type { ResNetKind } from "./resnet-kind.js";
import { badWeights, quote, quoteFirst } from "./source.js";

/** The paper's networks, finest first: a file is loaded as the first. */
const PAPER_HEADS = ["fcn8s", "fcn16s", "fcn32s"] as const;
/** torchvision's dilated network, by its backbone. It exists for backbones of bottlenecks. */
export const TORCHVISION_HEADS = ["fcn-resnet101", "fcn-resnet50", "fcn-resnet152"] as const;
export type TorchvisionHeadName = (typeof TORCHVISION_HEADS)[number];
/** Networks that a file's heads make. */
export type Head = (typeof PAPER_HEADS)[number] | TorchvisionHeadName;

export const isTorchvisionHead = (name: string): name is TorchvisionHeadName =>
  (TORCHVISION_HEADS as readonly string[]).includes(name);

/** The name of torchvision's network over this backbone; undefined where there is none. */
export const torchvisionHeadOf = ({ depth }: ResNetKind): TorchvisionHeadName | undefined =>
  TORCHVISION_HEADS.find((name) => name === `fcn-resnet${depth}`);

export interface Recognised {
  readonly architecture: "fcn" | "torchvision-fcn" | `resnet${number}-backbone`;
  /** One sentence, such as `torchvision fcn_resnet101: dilated, 21 classes, with aux head`. */
  readonly description: string;
  /** Networks that the heads in the file allow, finest first; none for a backbone alone. */
  readonly variants: readonly Head[];
  /** Which ResNet the backbone is. */
  readonly backbone: ResNetKind;
  /** Planes of the first stage: 64 in the published network. */
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
const PUBLISHED_WIDTH = 64;

/**
 * Recognises the origin of a checkpoint and maps its names to ours.
 * @throws bad-weights for anything but a ResNet
 */
export function recognise(given: Checkpoint): Recognised {
  const file = unpruned(given);
  const unwrapped = unwrapNames([...file.tensors.keys()]);
  const backbone = findBackbone(file, unwrapped);
  const { ours, others, ignored, imageNetClasses } = sortNames(file, unwrapped, backbone);
  if ([...ours.keys()].some((name) => name.startsWith("classifier.0.convs."))) {
    const fault = "it is torchvision's DeepLabV3, whose head is not an FCN's";
    throw badWeights(
      file.name,
      `${fault}; of torchvision's segmentation networks fcn_resnet50 and fcn_resnet101 can be used`,
    );
  }
  const { width, kind } = identify(renamed(file, ours));
  const dilated = torchvisionHeadOf(kind);
  const heads = dilated === undefined ? PAPER_HEADS : [...PAPER_HEADS, dilated];
  const variants = heads.filter((head) => ours.has(scoreOf(head)));
  const [finest] = variants;
  // Heads that nothing can use: all of a bare backbone, and an auxiliary head of other shapes.
  const auxFits = auxiliaryFits(kind, (name) => file.tensors.get(ours.get(name) ?? "")?.shape);
  for (const [name, theirs] of ours) {
    if (!(finest === undefined ? isHead(name) : !auxFits && name.startsWith("aux_classifier."))) continue;
    others.push(theirs);
    ours.delete(name);
  }
  for (const theirs of others) ignored.push(theirs);
  const checkpoint = renamed(file, ours);
  const facts = {
    architecture: architectureOf(finest, kind),
    variants,
    backbone: kind,
    width,
    classes: finest && checkpoint.tensors.get(scoreOf(finest))?.shape[0],
    aux: ours.has("aux_classifier.4.weight"),
  };
  const bare = `${originOf(backbone, kind)}: ${bareFact(file, others)}`;
  const rest = restOf(imageNetClasses, others, finest !== undefined);
  return { ...facts, description: describe(facts, bare, rest), checkpoint, ignored };
}

const isHead = (name: string): boolean => /^(fcn(32|16|8)s|classifier|aux_classifier)\./.test(name);

/** The projection to classes. Its presence says that the head is there, its shape how many classes it has. */
const scoreOf = (head: Head): string => (isTorchvisionHead(head) ? "classifier.4.weight" : `${head}.score32.weight`);

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
function sortNames(file: Checkpoint, unwrapped: readonly string[], backbone: Backbone): SortedNames {
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
    if (isLinearClassifier(name, shape, backbone)) {
      ignored.push(theirs);
      if (shape.length === 2) imageNetClasses = shape[0];
      continue;
    }
    const isCounter = !isFloatingPoint(dtype) && !/(^|\.)(weight|bias|running_mean|running_var)$/.test(name);
    const mapped = isCounter ? undefined : ourName(name, backbone);
    if (mapped === undefined) {
      others.push(theirs);
      continue;
    }
    const first = ours.get(mapped);
    if (first !== undefined)
      throw badWeights(file.name, `its tensors ${quote(first)} and ${quote(theirs)} both map to ${mapped}`);
    ours.set(mapped, theirs);
  }
  return { ours, others, ignored, imageNetClasses };
}

/** ImageNet's. In torchvision's FCN `classifier.1` is the batch norm of a head, and not meant here. */
function isLinearClassifier(name: string, shape: readonly number[], { prefix }: Backbone): boolean {
  if (!/(^|\.)(fc|classifier\.1)\.(weight|bias)$/.test(name)) return false;
  return shape.length === 2 || !isHead(besideBackbone(name, prefix) ?? "");
}

/** Our name of a tensor of the backbone or of a head; undefined for all others. */
function ourName(name: string, { prefix, huggingFace }: Backbone): string | undefined {
  if (name.startsWith(prefix)) {
    const inside = huggingFace ? fromHuggingFace(name.slice(prefix.length)) : name.slice(prefix.length);
    if (/^(conv\d|bn\d|stem|layer\d)\./.test(inside)) return BACKBONE + inside;
  }
  const head = prefix === "" ? name : besideBackbone(name, prefix);
  return head !== undefined && isHead(head) ? head : undefined;
}

/** Whether torchvision's auxiliary head is there, whole and over the third stage. */
function auxiliaryFits({ expansion }: ResNetKind, shapeOf: (name: string) => readonly number[] | undefined): boolean {
  const width = shapeOf("backbone.layer1.0.conv1.weight")?.[0] ?? PUBLISHED_WIDTH;
  const [inner = 0] = shapeOf("aux_classifier.0.weight") ?? [];
  const [classes = 0] = shapeOf("aux_classifier.4.weight") ?? [];
  const folded = shapeOf("aux_classifier.0.bias") !== undefined;
  const norm = folded ? ["0.bias"] : ["1.weight", "1.bias", "1.running_mean", "1.running_var"];
  const needed = [inner, width * 4 * expansion, 3, 3, ...norm.map(() => inner), classes, inner, 1, 1, classes];
  const parts = ["0.weight", ...norm, "4.weight", "4.bias"];
  return parts.map((part) => shapeOf(`aux_classifier.${part}`)?.join()).join() === needed.join();
}

/** The name below the module that holds the backbone: heads lie beside a module called "backbone". */
function besideBackbone(name: string, prefix: string): string | undefined {
  if (!prefix.endsWith(BACKBONE)) return undefined;
  const parent = prefix.slice(0, -BACKBONE.length);
  return name.startsWith(parent) ? name.slice(parent.length) : undefined;
}

function architectureOf(finest: Head | undefined, { depth }: ResNetKind): Recognised["architecture"] {
  if (finest === undefined) return `resnet${depth}-backbone`;
  return isTorchvisionHead(finest) ? "torchvision-fcn" : "fcn";
}

type Facts = Pick<Recognised, "architecture" | "variants" | "backbone" | "width" | "classes" | "aux">;

/** `bare` describes a backbone alone, `rest` what was ignored. */
function describe(facts: Facts, bare: string, rest: string): string {
  const { architecture, variants, backbone, width, classes = 0, aux } = facts;
  const heads = `head${variants.length > 1 ? "s" : ""} ${variants.join(", ")}`;
  const descriptions: Readonly<Record<string, string>> = {
    fcn: `fcn-webgpu ${resnetName(backbone)}: ${heads}, ${classes} classes`,
    "torchvision-fcn":
      `torchvision fcn_resnet${backbone.depth}: dilated, ${classes} classes, ` + `${aux ? "with" : "without"} aux head`,
  };
  const description = (descriptions[architecture] ?? bare) + rest;
  return width === PUBLISHED_WIDTH ? description : `${description}, ${width} planes`;
}

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
