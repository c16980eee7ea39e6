/**
 * The naming schemes of ResNet checkpoints: what wrappers put before every name, where the backbone's names begin,
 * and how Hugging Face names its parts. The backbone is found by its own names, so there is no list of prefixes.
 */
import type { Checkpoint } from "./checkpoint.js";
import type { ResNetKind } from "./resnet-kind.js";
import { badWeights, quote, quoteFirst } from "./source.js";

/** Segments that DataParallel and torch.compile put anywhere into a name. */
const WRAPPERS = new Set(["module", "_orig_mod"]);
/** Lightning's prefix of every name. It may come twice. */
const LIGHTNING = "model.";

const TORCHVISION_BLOCK = /^(.*?)layer[1-4]\.\d+\.conv[1-3]\.weight$/;
const HUGGING_FACE_BLOCK = /^(.*?)encoder\.stages\.[0-3]\.layers\.\d+\.layer\.[0-2]\.convolution\.weight$/;
const KNOWN_SCHEMES = [
  "torchvision's fcn_resnet101 (backbone.conv1.weight) or resnet50 (conv1.weight, as timm has them)",
  "Hugging Face's ResNet (resnet.embedder.embedder.convolution.weight)",
  "DETR, or this library",
].join(", ");

/** Where the ResNet lies among the tensors of a file, and in whose names. */
export interface Backbone {
  /** The text before each of its names, such as `backbone.`. */
  readonly prefix: string;
  readonly huggingFace: boolean;
}

/**
 * Names without what wrappers put into them, in the same order. A file whose every name begins with "model." may be
 * DETR's: its backbone is found all the same.
 */
export function unwrapNames(names: readonly string[]): string[] {
  const unwrapped = names.map(withoutWrappers);
  const inModel = (start: number): boolean => unwrapped.every((name) => name.startsWith(LIGHTNING, start));
  let start = 0;
  while (unwrapped.length > 0 && start < 2 * LIGHTNING.length && inModel(start)) start += LIGHTNING.length;
  return unwrapped.map((name) => name.slice(start));
}

function withoutWrappers(name: string): string {
  if (!name.includes("module") && !name.includes("_orig_mod")) return name;
  return name
    .split(".")
    .filter((part) => !WRAPPERS.has(part))
    .join(".");
}

/**
 * `names` are the file's names without what wrappers put into them.
 * @throws bad-weights when there is no ResNet, or more than one and none of them is `backbone.`
 */
export function findBackbone(file: Checkpoint, names: readonly string[]): Backbone {
  const found = new Map<string, Backbone>();
  for (const name of names) {
    const huggingFace = HUGGING_FACE_BLOCK.exec(name);
    const block = huggingFace ?? TORCHVISION_BLOCK.exec(name);
    const prefix = block?.[1];
    if (prefix !== undefined && !found.has(prefix)) found.set(prefix, { prefix, huggingFace: huggingFace !== null });
  }
  const [first, ...others] = found.values();
  if (!first) {
    const more = names.length > 4 ? ", ..." : "";
    const tensors = `its ${names.length} tensors (${quoteFirst(names)}${more})`;
    throw badWeights(file.name, `${tensors} are not a ResNet; the names of ${KNOWN_SCHEMES} are needed`);
  }
  const own = found.get("backbone.");
  if (others.length > 0 && !own) {
    throw badWeights(file.name, severalResNets([...found.keys()]));
  }
  return own ?? first;
}

/** Whether the names include a ResNet's, whatever stands before them. */
export function hasResNet(names: Iterable<string>): boolean {
  for (const name of names) if (TORCHVISION_BLOCK.test(name) || HUGGING_FACE_BLOCK.test(name)) return true;
  return false;
}

/** The fault and its cure, where each of `places` holds a ResNet. `wanted` was asked for and is none of them. */
export function severalResNets(places: readonly string[], wanted?: string): string {
  const names = quoteFirst(places);
  const first = (places.find((place) => place !== "") ?? "").replace(/(\.backbone)?\.$/, "");
  const missing = wanted === undefined ? "" : `, none under ${quote(wanted)}`;
  const cure = `choose one with stateDict: ${quote(first)} (--state-dict ${first.slice(0, 80)})`;
  return `it holds more than one ResNet (under ${names})${missing}; ${cure}`;
}

/** torchvision's name of a part of Hugging Face's ResNet; other names unchanged. Both are below the prefix. */
export function fromHuggingFace(name: string): string {
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

/** The origin of a bare backbone, for descriptions. */
export function originOf({ prefix, huggingFace }: Backbone, { depth }: ResNetKind): string {
  if (/(^|\.)(conv_encoder\.model\.|backbone\.0\.body\.)$/.test(prefix)) return `DETR resnet${depth}`;
  if (huggingFace) return `Hugging Face resnet-${depth}`;
  return prefix === "" ? `timm/torchvision resnet${depth}` : `resnet${depth} under ${quote(prefix)}`;
}
