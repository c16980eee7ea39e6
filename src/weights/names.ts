/**
 * Whose tensor names a checkpoint has, and the map from them to ours (`backbone.*`, `fcn8s.*`, `classifier.*`,
 * `aux_classifier.*`; weights/README.md): torchvision, timm, Hugging Face's ResNet, DETR's backbone, and what wrappers put before
 * every name. Where the ResNet lies is found by its own names, so prefixes need no list.
 *
 * Not here: whether every tensor is there and has the right shape (parameters.ts reports that, in our names), and reading files.
 */
import type { Checkpoint, TensorInfo } from "./checkpoint.js";
import { identify } from "./resnet-kind.js";
import { badWeights, quote } from "./source.js";

/** Networks a file's own heads make; `fcn-resnet101` is torchvision's. Finest first: the first is what a file is loaded as. */
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
  /** The same file under our names, without what is ignored. Names that nobody knows stay, for parameters.ts to report. */
  readonly checkpoint: Checkpoint;
  /** Names in the file left out on purpose: batch counters, ImageNet's classifier, the rest of a detector. */
  readonly ignored: readonly string[];
}

/** What DataParallel, torch.compile and Lightning put before every name. */
const WRAPPERS = ["module.", "_orig_mod.", "model."];
const TORCHVISION_BLOCK = /^(.*?)layer[1-4]\.\d+\.conv[1-3]\.weight$/;
const HUGGING_FACE_BLOCK = /^(.*?)encoder\.stages\.[0-3]\.layers\.\d+\.layer\.[0-2]\.convolution\.weight$/;
const EXPECTED =
  "expected are the names of torchvision's fcn_resnet101 (backbone.conv1.weight) or resnet101 (conv1.weight, as timm has them), Hugging Face's ResNet (resnet.embedder.embedder.convolution.weight), DETR, or this library";

/** Hugging Face's names of ResNet's parts, below the prefix, in torchvision's; others unchanged. */
function fromHuggingFace(name: string): string {
  return name
    .replace(/^embedder\.embedder\.convolution\./, "conv1.")
    .replace(/^embedder\.embedder\.normalization\./, "bn1.")
    .replace(/^encoder\.stages\.([0-3])\.layers\./, (_, stage: string) => `layer${Number(stage) + 1}.`)
    .replace(
      /\.layer\.([0-2])\.(convolution|normalization)\./,
      (_, i: string, kind: string) => `.${kind === "convolution" ? "conv" : "bn"}${Number(i) + 1}.`,
    )
    .replace(
      /\.shortcut\.(convolution|normalization)\./,
      (_, kind: string) => `.downsample.${kind === "convolution" ? 0 : 1}.`,
    );
}

interface Place {
  readonly prefix: string;
  readonly huggingFace: boolean;
}

/** Where the ResNet's names begin. @throws bad-weights when there is none, or more than one and none of them is `backbone.` */
function findBackbone(file: Checkpoint, names: readonly string[]): Place {
  const places = new Map<string, Place>();
  for (const name of names) {
    const hf = HUGGING_FACE_BLOCK.exec(name);
    const prefix = (hf ?? TORCHVISION_BLOCK.exec(name))?.[1];
    if (prefix !== undefined && !places.has(prefix)) places.set(prefix, { prefix, huggingFace: hf !== null });
  }
  const [first, ...others] = places.values();
  if (!first) {
    const shown = names
      .slice(0, 4)
      .map((name) => quote(name))
      .join(", ");
    throw badWeights(
      file.name,
      `its ${names.length} tensors (${shown}${names.length > 4 ? ", ..." : ""}) are not those of a ResNet-101; ${EXPECTED}`,
    );
  }
  const own = places.get("backbone.");
  if (others.length && !own) {
    throw badWeights(
      file.name,
      `it holds more than one ResNet (under ${[...places.keys()]
        .slice(0, 4)
        .map((p) => quote(p))
        .join(", ")}); save the one that is meant by itself`,
    );
  }
  return own ?? first;
}

/** The same file under other names; `names` maps ours to the file's, in file order. */
function renamed(file: Checkpoint, names: ReadonlyMap<string, string>): Checkpoint {
  const tensors = new Map<string, TensorInfo>();
  for (const [ours, theirs] of names) tensors.set(ours, { ...(file.tensors.get(theirs) as TensorInfo), name: ours });
  const known = (ours: string): string => {
    const theirs = names.get(ours);
    if (theirs === undefined) throw badWeights(file.name, `it has no tensor ${quote(ours)}`);
    return theirs;
  };
  return {
    container: file.container,
    name: file.name,
    bytes: file.bytes,
    metadata: file.metadata,
    tensors,
    read: async (name) => file.read(known(name)),
    readFloat64: async (name) => file.readFloat64(known(name)),
    close: () => file.close(),
  };
}

/** The wrapper's text before every name. A file whose every name begins with "model." may be DETR's: its backbone is found anyway. */
function wrapperOf(names: readonly string[]): string {
  let prefix = "";
  for (let i = 0; i < 8; i++) {
    const next = WRAPPERS.find((text) => names.length > 0 && names.every((name) => name.startsWith(prefix + text)));
    if (next === undefined) break;
    prefix += next;
  }
  return prefix;
}

const isHead = (name: string): boolean => /^(fcn(32|16|8)s|classifier|aux_classifier)\./.test(name);

/** The projection to classes that says that a head is there, and how many classes it has. */
const scoreOf = (head: Head): string => (head === "fcn-resnet101" ? "classifier.4.weight" : `${head}.score32.weight`);

interface Sorted {
  /** From our names to the file's. */
  readonly ours: Map<string, string>;
  /** Names of the file that are neither the backbone's nor a head's. */
  readonly others: string[];
  readonly ignored: string[];
  /** Outputs of the linear classifier left out. */
  readonly imageNet: number | undefined;
}

function sortNames(file: Checkpoint, wrapper: string, { prefix, huggingFace }: Place): Sorted {
  // Heads lie beside a module called "backbone".
  const beside = prefix.endsWith("backbone.") ? prefix.slice(0, -"backbone.".length) : undefined;
  const ours = new Map<string, string>();
  const others: string[] = [];
  const ignored: string[] = [];
  let imageNet: number | undefined;
  for (const { name: theirs, shape } of file.tensors.values()) {
    const name = theirs.slice(wrapper.length);
    const inside = name.startsWith(prefix) ? name.slice(prefix.length) : undefined;
    const head = beside !== undefined && name.startsWith(beside) ? name.slice(beside.length) : undefined;
    let mapped: string | undefined;
    if (name.endsWith(".num_batches_tracked")) ignored.push(theirs);
    else if (/(^|\.)(fc|classifier\.1)\.(weight|bias)$/.test(name) && (shape.length === 2 || !isHead(head ?? ""))) {
      // A linear classifier; where torchvision's FCN has heads, classifier.1 is their batch norm.
      ignored.push(theirs);
      if (shape.length === 2) imageNet = shape[0];
    } else if (inside !== undefined && !(prefix === "" && isHead(inside)))
      mapped = `backbone.${huggingFace ? fromHuggingFace(inside) : inside}`;
    else if (head !== undefined && isHead(head)) mapped = head;
    else others.push(theirs);
    if (mapped === undefined) continue;
    if (ours.has(mapped))
      throw badWeights(
        file.name,
        `its tensors ${quote(ours.get(mapped) as string)} and ${quote(theirs)} are both ${mapped}`,
      );
    ours.set(mapped, theirs);
  }
  return { ours, others, ignored, imageNet };
}

/** Recognises whose checkpoint it is and maps its names to ours. @throws bad-weights for anything but a ResNet-101 */
export function recognise(file: Checkpoint): Recognised {
  const names = [...file.tensors.keys()];
  const wrapper = wrapperOf(names);
  const place = findBackbone(
    file,
    names.map((name) => name.slice(wrapper.length)),
  );
  const { ours, others, ignored, imageNet } = sortNames(file, wrapper, place);
  if ([...ours.keys()].some((name) => name.startsWith("classifier.0.convs."))) {
    throw badWeights(
      file.name,
      "it is torchvision's DeepLabV3, whose head is not an FCN's; of torchvision's segmentation networks fcn_resnet101 can be used",
    );
  }
  const variants = HEADS.filter((head) => ours.has(scoreOf(head)));
  const first = variants[0];
  if (first !== undefined) {
    // Beside heads of ours an unknown tensor is a mistake to report.
    for (const theirs of others) ours.set(theirs.slice(wrapper.length), theirs);
  } else {
    // Beside a bare backbone it is the rest of another network, and so is a classifier that is no head of ours.
    for (const [name, theirs] of ours) {
      if (!isHead(name)) continue;
      others.push(theirs);
      ours.delete(name);
    }
    ignored.push(...others);
  }
  const checkpoint = renamed(file, ours);
  const { width } = identify(checkpoint);
  const aux = ours.has("aux_classifier.4.weight");
  const classes = first && checkpoint.tensors.get(scoreOf(first))?.shape[0];
  const architecture =
    first === undefined ? "resnet101-backbone" : first === "fcn-resnet101" ? "torchvision-fcn" : "fcn";
  const what = {
    fcn: `fcn-webgpu ResNet-101: head${variants.length > 1 ? "s" : ""} ${variants.join(", ")}, ${classes ?? 0} classes`,
    "torchvision-fcn": `torchvision fcn_resnet101: dilated, ${classes ?? 0} classes, ${aux ? "with" : "without"} aux head`,
    "resnet101-backbone": `${originOf(place)}: backbone only${restOf(imageNet, others.length)}`,
  }[architecture];
  const description = width === 64 ? what : `${what}, ${width} planes`;
  return { architecture, description, variants, width, classes, aux, checkpoint, ignored };
}

/** What a bare backbone comes from. */
function originOf({ prefix, huggingFace }: Place): string {
  if (/(^|\.)(conv_encoder\.model\.|backbone\.0\.body\.)$/.test(prefix)) return "DETR resnet101";
  if (huggingFace) return "Hugging Face resnet-101";
  return prefix === "" ? "timm/torchvision resnet101" : `resnet101 under ${quote(prefix)}`;
}

function restOf(imageNet: number | undefined, others: number): string {
  if (imageNet !== undefined) return `, ${imageNet}-class classifier ignored`;
  return others ? `, ${others} other tensor${others > 1 ? "s" : ""} ignored` : "";
}
