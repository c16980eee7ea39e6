/** Which backbone a checkpoint holds, told by the names and shapes of its tensors. */
import type { Checkpoint } from "./checkpoint.js";
import { identifyResNet } from "./resnet-kind.js";
import type { ResNetKind } from "./resnet-kind.js";
import { badWeights } from "./source.js";

/** MobileNetV2, of any width. https://arxiv.org/abs/1801.04381 */
export interface MobileNetV2Kind {
  /** Tells the kinds apart. */
  readonly family: "mobilenet-v2";
  /** Its name for people. */
  readonly name: "MobileNetV2";
  /** Channels of the first convolution: 32 in the published network. */
  readonly width: number;
  /** Ends with a global context branch (`fc6`, `context`, `fc7`) in place of torchvision's last convolution. */
  readonly hasContext: boolean;
}

/** VGG-16 as the FCN paper has it, with fc6 and fc7 as convolutions. https://arxiv.org/abs/1411.4038 */
export interface Vgg16Kind {
  /** Tells the kinds apart. */
  readonly family: "vgg16";
  /** Its name for people. */
  readonly name: "VGG-16";
  /** Channels of the first convolution: 64 in the published network. */
  readonly width: number;
}

/** A backbone, by its family. */
export type BackboneKind = ResNetKind | MobileNetV2Kind | Vgg16Kind;

/** Channels of the first convolution of the published networks. */
export const PUBLISHED_WIDTHS: Readonly<Record<BackboneKind["family"], number>> = {
  resnet: 64,
  "mobilenet-v2": 32,
  vgg16: 64,
};

/** Blocks of MobileNetV2. */
const MOBILENET_BLOCKS = 17;

/** `checkpoint` has our names. @throws bad-weights when its `backbone.*` is plainly another network of the family */
export function identify(checkpoint: Checkpoint, family: BackboneKind["family"]): BackboneKind {
  const widthOf = (name: string): number =>
    checkpoint.tensors.get(`backbone.${name}.weight`)?.shape[0] ?? PUBLISHED_WIDTHS[family];
  switch (family) {
    case "resnet":
      return identifyResNet(checkpoint);
    case "vgg16":
      return { family, name: "VGG-16", width: widthOf("conv1_1") };
    case "mobilenet-v2":
      checkBlocks(checkpoint);
      return {
        family,
        name: "MobileNetV2",
        width: widthOf("features.0.0"),
        hasContext: checkpoint.tensors.has("backbone.fc7.weight"),
      };
  }
}

function checkBlocks({ name, tensors }: Checkpoint): void {
  const blocks = new Set<string>();
  for (const tensor of tensors.keys()) {
    const block = /^backbone\.features\.(\d+)\.conv\./.exec(tensor)?.[1];
    if (block !== undefined) blocks.add(block);
  }
  if (blocks.size === MOBILENET_BLOCKS) return;
  const wanted = `one of ${MOBILENET_BLOCKS} is needed, at features.1 to features.${MOBILENET_BLOCKS}`;
  throw badWeights(name, `its backbone is a MobileNet of ${blocks.size} blocks; ${wanted}`);
}

/** The backbone of a checkpoint with our names. @throws bad-weights as identify() */
export function backboneOf(checkpoint: Checkpoint): BackboneKind {
  const has = (name: string): boolean => checkpoint.tensors.has(`backbone.${name}.weight`);
  if (has("features.0.0")) return identify(checkpoint, "mobilenet-v2");
  return identify(checkpoint, has("conv1_1") ? "vgg16" : "resnet");
}
