/**
 * Recognises whose tensor names a checkpoint has, and maps them to ours (`backbone.*`, `fcn8s.*`, `classifier.*`,
 * `aux_classifier.*`; weights/README.md). It knows torchvision, timm, Hugging Face's ResNet and DETR's backbone, with
 * or without the prefixes of wrappers.
 *
 * Not here: whether every tensor is there with the right shape (parameters.ts reports that, in our names), and reading
 * files.
 */
import { noSuchTensor } from "./checkpoint.js";
import type { Checkpoint, TensorInfo } from "./checkpoint.js";
import { findBackbone, fromHuggingFace, originOf, wrapperOf } from "./name-schemes.js";
import type { Backbone } from "./name-schemes.js";
import { identify } from "./resnet-kind.js";
import { badWeights, quote } from "./source.js";

/** Networks that a file's heads make; `fcn-resnet101` is torchvision's. Finest first: a file is loaded as the first. */
export const HEADS = ["fcn8s", "fcn16s", "fcn32s", "fcn-resnet101"] as const;
export type Head = (typeof HEADS)[number];

export interface Recognised {
  readonly architecture: "fcn" | "torchvision-fcn" | "resnet101-backbone";
  /** One sentence, such as `torchvision fcn_resnet101: dilated, 21 classes, with aux head`. */
  readonly description: string;
  /** Networks that the heads in the file allow, finest first; none for a backbone alone. */
  readonly variants: readonly Head[];
  /** Planes of the first stage: 64 in the published network. */
  readonly width: number;
  /** Classes of the heads; undefined for a backbone alone. */
  readonly classes: number | undefined;
  /** Has torchvision's auxiliary head. */
  readonly aux: boolean;
  /** The same file under our names, without the ignored tensors. Unknown names stay, for parameters.ts to report. */
  readonly checkpoint: Checkpoint;
  /** Names in the file that are left out on purpose: batch counters, ImageNet's classifier, the rest of a detector. */
  readonly ignored: readonly string[];
}

const BACKBONE = "backbone.";
const PUBLISHED_WIDTH = 64;

/**
 * Recognises the origin of a checkpoint and maps its names to ours.
 * @throws bad-weights for anything but a ResNet-101
 */
export function recognise(file: Checkpoint): Recognised {
  const names = [...file.tensors.keys()];
  const wrapper = wrapperOf(names);
  const unwrapped = names.map((name) => name.slice(wrapper.length));
  const backbone = findBackbone(file, unwrapped);
  const { ours, others, ignored, imageNetClasses } = sortNames(file, wrapper, backbone);
  if ([...ours.keys()].some((name) => name.startsWith("classifier.0.convs."))) {
    const fault = "it is torchvision's DeepLabV3, whose head is not an FCN's";
    throw badWeights(file.name, `${fault}; of torchvision's segmentation networks fcn_resnet101 can be used`);
  }
  const variants = HEADS.filter((head) => ours.has(scoreOf(head)));
  const [finest] = variants;
  if (finest !== undefined) {
    // Beside heads that we know, an unknown tensor is a mistake. It stays, so that parameters.ts reports it.
    for (const theirs of others) ours.set(theirs.slice(wrapper.length), theirs);
  } else {
    // Beside a bare backbone, unknown tensors and classifiers are the rest of another network.
    for (const [name, theirs] of ours) {
      if (!isHead(name)) continue;
      others.push(theirs);
      ours.delete(name);
    }
    ignored.push(...others);
  }
  const checkpoint = renamed(file, ours);
  const { width } = identify(checkpoint);
  const facts = {
    architecture: architectureOf(finest),
    variants,
    width,
    classes: finest && checkpoint.tensors.get(scoreOf(finest))?.shape[0],
    aux: ours.has("aux_classifier.4.weight"),
  };
  const bare = `${originOf(backbone)}: backbone only${restOf(imageNetClasses, others.length)}`;
  return { ...facts, description: describe(facts, bare), checkpoint, ignored };
}

const isHead = (name: string): boolean => /^(fcn(32|16|8)s|classifier|aux_classifier)\./.test(name);

/** The projection to classes. Its presence says that the head is there, its shape how many classes it has. */
const scoreOf = (head: Head): string => (head === "fcn-resnet101" ? "classifier.4.weight" : `${head}.score32.weight`);

interface SortedNames {
  /** From our names to the file's. */
  readonly ours: Map<string, string>;
  /** Names of the file that are neither the backbone's nor a head's. */
  readonly others: string[];
  readonly ignored: string[];
  /** Outputs of the linear classifier left out. */
  readonly imageNetClasses: number | undefined;
}

function sortNames(file: Checkpoint, wrapper: string, backbone: Backbone): SortedNames {
  const ours = new Map<string, string>();
  const others: string[] = [];
  const ignored: string[] = [];
  let imageNetClasses: number | undefined;
  for (const { name: theirs, shape } of file.tensors.values()) {
    const name = theirs.slice(wrapper.length);
    if (name.endsWith(".num_batches_tracked")) {
      ignored.push(theirs);
      continue;
    }
    if (isLinearClassifier(name, shape, backbone)) {
      ignored.push(theirs);
      if (shape.length === 2) imageNetClasses = shape[0];
      continue;
    }
    const mapped = ourName(name, backbone);
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
  const inside = name.startsWith(prefix) ? name.slice(prefix.length) : undefined;
  const isBareHead = prefix === "" && isHead(name);
  if (inside !== undefined && !isBareHead) return BACKBONE + (huggingFace ? fromHuggingFace(inside) : inside);
  const head = besideBackbone(name, prefix);
  return head !== undefined && isHead(head) ? head : undefined;
}

/** The name below the module that holds the backbone: heads lie beside a module called "backbone". */
function besideBackbone(name: string, prefix: string): string | undefined {
  if (!prefix.endsWith(BACKBONE)) return undefined;
  const parent = prefix.slice(0, -BACKBONE.length);
  return name.startsWith(parent) ? name.slice(parent.length) : undefined;
}

/** The same file under other names; `names` maps ours to the file's, in file order. */
function renamed(file: Checkpoint, names: ReadonlyMap<string, string>): Checkpoint {
  const tensors = new Map<string, TensorInfo>();
  for (const [ours, theirs] of names) tensors.set(ours, { ...(file.tensors.get(theirs) as TensorInfo), name: ours });
  const nameInFile = (ours: string): string => {
    const theirs = names.get(ours);
    if (theirs === undefined) throw noSuchTensor(file.name, ours);
    return theirs;
  };
  return {
    container: file.container,
    name: file.name,
    bytes: file.bytes,
    metadata: file.metadata,
    tensors,
    read: async (name) => file.read(nameInFile(name)),
    readFloat64: async (name) => file.readFloat64(nameInFile(name)),
    close: () => file.close(),
  };
}

function architectureOf(finest: Head | undefined): Recognised["architecture"] {
  if (finest === undefined) return "resnet101-backbone";
  return finest === "fcn-resnet101" ? "torchvision-fcn" : "fcn";
}

type Facts = Pick<Recognised, "architecture" | "variants" | "width" | "classes" | "aux">;

/** `bare` describes a backbone alone. */
function describe({ architecture, variants, width, classes = 0, aux }: Facts, bare: string): string {
  const descriptions = {
    fcn: `fcn-webgpu ResNet-101: head${variants.length > 1 ? "s" : ""} ${variants.join(", ")}, ${classes} classes`,
    "torchvision-fcn": `torchvision fcn_resnet101: dilated, ${classes} classes, ${aux ? "with" : "without"} aux head`,
    "resnet101-backbone": bare,
  };
  const description = descriptions[architecture];
  return width === PUBLISHED_WIDTH ? description : `${description}, ${width} planes`;
}

function restOf(imageNetClasses: number | undefined, others: number): string {
  if (imageNetClasses !== undefined) return `, ${imageNetClasses}-class classifier ignored`;
  return others > 0 ? `, ${others} other tensor${others > 1 ? "s" : ""} ignored` : "";
}
