/** Small VGG-16 networks with weights from a hash, under the names of those who publish them. */
import { hashedVggTensor, vggBackbone } from "../../bench/hashed-vgg.js";
import type { HashedTensor } from "../../bench/hashed-weights.js";
import { loadFcn } from "../../src/node.js";
import type { Device, Fcn, NodeLoadOptions, NodePicture } from "../../src/node.js";
import { hashedFile } from "./hashed-checkpoint.js";

/** Channels of the first convolution. The published network has 64. */
export const VGG_WIDTH = 4;

/** Loads a file with these tensors. */
export async function loadVgg(
  device: Device,
  specs: readonly HashedTensor[],
  options: NodeLoadOptions = {},
): Promise<Fcn<NodePicture>> {
  return loadFcn({ weights: await hashedFile(specs, hashedVggTensor), device, ...options });
}

/** Index in torchvision's `features` of each convolution. */
const FEATURES = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28];

interface Names {
  readonly fc6: string;
  readonly fc7: string;
  readonly last: string;
  /** Whether fc6 and fc7 are matrices. */
  readonly isLinear: boolean;
}
const TORCHVISION: Names = { fc6: "classifier.0", fc7: "classifier.3", last: "classifier.6", isLinear: true };
const TIMM: Names = { fc6: "pre_logits.fc1", fc7: "pre_logits.fc2", last: "head.fc", isLinear: false };

/** A tensor of a classifier, and the name of its values in pytorch-fcn's files. */
export interface ClassifierTensor extends HashedTensor {
  readonly values: string;
}

/** ImageNet's vgg16 as torchvision or timm saves it, without the last layer's 1000 classes if `width` is small. */
export function vggClassifier(library: "torchvision" | "timm", width = VGG_WIDTH): ClassifierTensor[] {
  const names = library === "torchvision" ? TORCHVISION : TIMM;
  const modules = [...FEATURES.map((index) => `features.${index}`), names.fc6, names.fc7];
  const tensors = vggBackbone(width).map(({ name, shape }, i): ClassifierTensor => {
    const module = modules[Math.floor(i / 2)] ?? "";
    const isMatrix = names.isLinear && shape.length === 4 && !module.startsWith("features");
    const [out = 0, inputs = 0, side = 1] = shape;
    const ownShape = isMatrix ? [out, inputs * side ** 2] : shape;
    return { name: `${module}.${name.replace(/^.*\./, "")}`, shape: ownShape, values: name };
  });
  const inner = width * 64;
  return [
    ...tensors,
    { name: `${names.last}.weight`, shape: [1000, inner], values: "last.weight" },
    { name: `${names.last}.bias`, shape: [1000], values: "last.bias" },
  ];
}
