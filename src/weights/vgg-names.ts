/** VGG-16's names: pytorch-fcn's, which are ours, and those of torchvision's and timm's classifiers. */
import type { TensorInfo } from "./checkpoint.js";

/** Our modules by theirs. torchvision has a ReLU and a dropout between fc6 and fc7. */
const OURS = new Map([
  ["classifier.0", "fc6"],
  ["classifier.3", "fc7"],
  ["pre_logits.fc1", "fc6"],
  ["pre_logits.fc2", "fc7"],
]);
/** Index in torchvision's and timm's `features`. A ReLU follows each convolution, a pooling each stage. */
let feature = 0;
for (const [stage, count] of [2, 2, 3, 3, 3].entries()) {
  for (let i = 1; i <= count; i++, feature += 2) OURS.set(`features.${feature}`, `conv${stage + 1}_${i}`);
  feature++;
}
/** Our name of a tensor of torchvision's or timm's vgg16. */
export function classifierVggName(name: string): string | undefined {
  const leaf = name.lastIndexOf(".");
  const module = OURS.get(name.slice(0, leaf));
  return module && module + name.slice(leaf);
}

/** The shape of fc6's or fc7's weight as a convolution's, where a classifier has it as a matrix. */
export function convolutionShape({ name, shape }: TensorInfo): readonly number[] {
  const [out = 0, inputs = 0] = shape;
  if (shape.length !== 2) return shape;
  const side = name === "backbone.fc6.weight" ? 7 : 1;
  return [out, inputs / side ** 2, side, side];
}

/** The network with these names, if it is not VGG-16: other depths, batch norm. */
export function otherVgg(names: readonly string[]): string | undefined {
  const leaves = names.flatMap((name) => /^features\.\d+\.(weight|running_mean)$/.exec(name)?.[1] ?? []);
  const norms = leaves.filter((leaf) => leaf !== "weight").length;
  const convolutions = leaves.length - 2 * norms;
  if (convolutions < 5) return "no VGG-16";
  // Three fully connected layers follow.
  const network = convolutions === 5 ? "AlexNet" : `VGG-${convolutions + 3}`;
  if (norms > 0) return `${network} with batch norm`;
  return network === "VGG-16" ? undefined : network;
}
