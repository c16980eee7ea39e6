/**
 * The naming schemes of ResNet checkpoints: what wrappers put before every name, where the backbone's names begin,
 * and how Hugging Face names its parts. The backbone is found by its own names, so there is no list of prefixes.
 */
import type { Checkpoint } from "./checkpoint.js";
import { badWeights, quote, quoteFirst } from "./source.js";

/** Prefixes of DataParallel, torch.compile and Lightning. */
const WRAPPERS = ["module.", "_orig_mod.", "model."];
/** Wrappers that may be nested, one in the other. */
const MAX_WRAPPERS = 8;

const TORCHVISION_BLOCK = /^(.*?)layer[1-4]\.\d+\.conv[1-3]\.weight$/;
const HUGGING_FACE_BLOCK = /^(.*?)encoder\.stages\.[0-3]\.layers\.\d+\.layer\.[0-2]\.convolution\.weight$/;
const KNOWN_SCHEMES = [
  "torchvision's fcn_resnet101 (backbone.conv1.weight) or resnet101 (conv1.weight, as timm has them)",
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
 * The wrappers' text before every name. A file whose every name begins with "model." may be DETR's: its backbone is
 * found all the same.
 */
export function wrapperOf(names: readonly string[]): string {
  let prefix = "";
  if (names.length === 0) return prefix;
  for (let i = 0; i < MAX_WRAPPERS; i++) {
    const next = WRAPPERS.find((text) => names.every((name) => name.startsWith(prefix + text)));
    if (next === undefined) break;
    prefix += next;
  }
  return prefix;
}

/**
 * `names` are the file's names without the wrapper's text.
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
    throw badWeights(file.name, `${tensors} are not a ResNet-101; the names of ${KNOWN_SCHEMES} are needed`);
  }
  const own = found.get("backbone.");
  if (others.length > 0 && !own) {
    const prefixes = quoteFirst(found.keys());
    throw badWeights(file.name, `it holds more than one ResNet (under ${prefixes}); save the one to load by itself`);
  }
  return own ?? first;
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
export function originOf({ prefix, huggingFace }: Backbone): string {
  if (/(^|\.)(conv_encoder\.model\.|backbone\.0\.body\.)$/.test(prefix)) return "DETR resnet101";
  if (huggingFace) return "Hugging Face resnet-101";
  return prefix === "" ? "timm/torchvision resnet101" : `resnet101 under ${quote(prefix)}`;
}
