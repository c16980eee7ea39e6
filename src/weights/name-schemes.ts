/**
 * Naming schemes of checkpoints. A row of the table says by which tensor a scheme is told, and what our names of its
 * tensors are. The backbone is found by its own names, so there is no list of the prefixes that wrappers put before it.
 */
import type { BackboneKind } from "./backbone-kind.js";
import { mobileNetName, otherTimmBlocks, timmMobileNetName } from "./mobilenet-names.js";
import { otherNetwork, otherResNet } from "./other-networks.js";
import type { RenameChanges } from "./renamed.js";
import { classifierVggName, convolutionShape, otherVgg } from "./vgg-names.js";

/** How one library names the tensors of a backbone. */
export interface NamingScheme {
  readonly family: BackboneKind["family"];
  /** Matches a name that every such file has. The group is the text before the backbone's own names. */
  readonly probe: RegExp;
  /** Our name below `backbone.` of a name below the prefix; undefined for tensors that are not the backbone's. */
  ours(name: string): string | undefined;
  /** Our shape of a tensor with our name, where it may differ from the file's. The values keep their order. */
  readonly shapeOf?: RenameChanges["shapeOf"];
  /** What our names do not tell of the network, as a checkpoint's metadata say it. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** The network that names below the prefix belong to, where it is another one that has the probe's name too. */
  other?(names: readonly string[]): string | undefined;
  /** Who names tensors like that, for descriptions. `prefix` is what stands before the names; "" for nothing. */
  origin(kind: BackboneKind, prefix: string): string;
}

const onlyIf =
  (own: RegExp) =>
  (name: string): string | undefined =>
    own.test(name) ? name : undefined;

const isDetr = (prefix: string): boolean => /(^|\.)(conv_encoder\.model\.|backbone\.0\.body\.)$/.test(prefix);

const resnetParts = onlyIf(/^(conv\d|bn\d|stem|layer\d)\./);
const depthOf = (kind: BackboneKind): number => (kind.family === "resnet" ? kind.depth : 0);

const torchvisionResNet: NamingScheme = {
  family: "resnet",
  probe: /^(.*?)layer[1-4]\.\d+\.conv[1-3]\.weight$/,
  ours: resnetParts,
  other: otherResNet,
  origin(kind, prefix) {
    const depth = depthOf(kind);
    if (isDetr(prefix)) return `DETR resnet${depth}`;
    return prefix === "" ? `timm/torchvision resnet${depth}` : `resnet${depth} under ${JSON.stringify(prefix)}`;
  },
};

const huggingFaceResNet: NamingScheme = {
  family: "resnet",
  probe: /^(.*?)encoder\.stages\.[0-3]\.layers\.\d+\.layer\.[0-2]\.convolution\.weight$/,
  ours: (name) => resnetParts(fromHuggingFace(name)),
  origin: (kind, prefix) => `${isDetr(prefix) ? "DETR resnet" : "Hugging Face resnet-"}${depthOf(kind)}`,
};

const under = (prefix: string): string => (prefix === "" ? "" : ` under ${JSON.stringify(prefix)}`);

const torchvisionMobileNet: NamingScheme = {
  family: "mobilenet-v2",
  probe: /^(.*?)features\.1\.conv\.0\.0\.weight$/,
  ours: mobileNetName,
  origin: (_, prefix) => `torchvision mobilenet_v2${under(prefix)}`,
};

const timmMobileNet: NamingScheme = {
  family: "mobilenet-v2",
  probe: /^(.*?)blocks\.1\.0\.conv_pwl\.weight$/,
  ours: timmMobileNetName,
  other: (names) => otherNetwork(names) ?? otherTimmBlocks(names),
  origin: (_, prefix) => `timm mobilenetv2${under(prefix)}`,
};

const paperVgg: NamingScheme = {
  family: "vgg16",
  probe: /^(.*?)conv1_1\.weight$/,
  ours: onlyIf(/^(conv[1-5]_[1-3]|fc[67])\.(weight|bias)$/),
  origin: (_, prefix) => `pytorch-fcn VGG-16${under(prefix)}`,
};

const classifierVgg: NamingScheme = {
  family: "vgg16",
  probe: /^(.*?)features\.0\.weight$/,
  ours: classifierVggName,
  shapeOf: convolutionShape,
  metadata: { preprocessing: "imagenet" },
  other: (names) => otherNetwork(names) ?? otherVgg(names),
  origin: (_, prefix) => `timm/torchvision vgg16${under(prefix)}`,
};

const SCHEMES: readonly NamingScheme[] = [
  huggingFaceResNet,
  torchvisionResNet,
  torchvisionMobileNet,
  timmMobileNet,
  paperVgg,
  classifierVgg,
];

/** The scheme that a name tells, and the text before the backbone's names. */
export function schemeOfName(name: string): { readonly scheme: NamingScheme; readonly prefix: string } | undefined {
  for (const scheme of SCHEMES) {
    const prefix = scheme.probe.exec(name)?.[1];
    if (prefix !== undefined) return { scheme, prefix };
  }
  return undefined;
}

/** torchvision's name of a part of Hugging Face's ResNet; other names unchanged. Both are below the prefix. */
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
