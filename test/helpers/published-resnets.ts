/** Names and shapes of the ResNets that torchvision, timm and Hugging Face publish, at full size. */
import { paperFcnTensors, torchvisionFcnTensors } from "../../bench/hashed-weights.js";
import type { HashedTensor } from "../../bench/hashed-weights.js";

export const prefixed = (prefix: string, specs: readonly HashedTensor[]): HashedTensor[] =>
  specs.map(({ name, shape }) => ({ name: prefix + name, shape }));

/** With PyTorch's batch counters. */
export const counted = (specs: readonly HashedTensor[]): HashedTensor[] =>
  specs.flatMap((spec) =>
    spec.name.endsWith("running_var")
      ? [spec, { name: spec.name.replace("running_var", "num_batches_tracked"), shape: [] }]
      : [spec],
  );

export const linear = (name: string, inputs: number, outputs = 1000): HashedTensor[] => [
  { name: `${name}.weight`, shape: [outputs, inputs] },
  { name: `${name}.bias`, shape: [outputs] },
];

/** A ResNet without its classifier. */
function resnetBody(depth: number): HashedTensor[] {
  return paperFcnTensors(21, 64, depth).flatMap(({ name, shape }) =>
    name.startsWith("backbone.") ? [{ name: name.slice("backbone.".length), shape }] : [],
  );
}

const featuresOf = (depth: number): number => (depth < 50 ? 512 : 2048);

/** torchvision's, which timm's names equal. */
export const resnet = (depth: number): HashedTensor[] => [
  ...counted(resnetBody(depth)),
  ...linear("fc", featuresOf(depth)),
];

/** Every 3x3 convolution of the blocks with other channels: of groups, or wider. */
function withMiddle(
  depth: number,
  channels: (planes: number) => readonly [out: number, inputs: number],
): HashedTensor[] {
  return resnet(depth).map((spec) => {
    const [planes = 0] = spec.shape;
    if (!/^layer\d\.\d+\.conv2\.weight$/.test(spec.name)) return spec;
    return { ...spec, shape: [...channels(planes), 3, 3] };
  });
}
/** resnext50_32x4d: twice the planes in 32 groups. */
export const resnext = withMiddle(50, (planes) => [planes * 2, (planes * 2) / 32]);
/** wide_resnet50_2. */
export const wideResnet = withMiddle(50, (planes) => [planes * 2, planes * 2]);

/** timm's resnet50d: a stem of three convolutions, and an average pooling before each projection. */
export const resnet50d: readonly HashedTensor[] = resnet(50).flatMap((spec) => {
  const name = spec.name.replace(/downsample\.([01])/, (_, i) => `downsample.${Number(i) + 1}`);
  if (name !== "conv1.weight") return [{ ...spec, name }];
  return [
    { name: "conv1.0.weight", shape: [32, 3, 3, 3] },
    { name: "conv1.1.weight", shape: [32] },
    { name: "conv1.3.weight", shape: [32, 32, 3, 3] },
    { name: "conv1.4.weight", shape: [32] },
    { name: "conv1.6.weight", shape: [64, 32, 3, 3] },
  ];
});

/** Hugging Face's microsoft/resnet-N, written out from its module tree. */
export function huggingFaceResnet(depth: number): HashedTensor[] {
  const renamed = resnetBody(depth).map(({ name, shape }) => {
    const [part = "", ...path] = name.split(".");
    if (part === "conv1") return { name: `embedder.embedder.convolution.${path.join(".")}`, shape };
    if (part === "bn1") return { name: `embedder.embedder.normalization.${path.join(".")}`, shape };
    const [block = "", module = "", ...leaf] = path;
    const layer = `encoder.stages.${Number(part.slice(-1)) - 1}.layers.${block}`;
    if (module === "downsample") {
      const [index, ...end] = leaf;
      return { name: `${layer}.shortcut.${index === "0" ? "convolution" : "normalization"}.${end.join(".")}`, shape };
    }
    const kind = module.startsWith("conv") ? "convolution" : "normalization";
    return { name: `${layer}.layer.${Number(module.slice(-1)) - 1}.${kind}.${leaf.join(".")}`, shape };
  });
  return [...prefixed("resnet.", counted(renamed)), ...linear("classifier.1", featuresOf(depth))];
}

/** torchvision's fcn_resnet50 and fcn_resnet101, trained on 21 classes with an auxiliary head. */
export const torchvisionFcn = (depth: number): HashedTensor[] => counted(torchvisionFcnTensors(21, 64, depth));

/** torchvision's deeplabv3_resnetN. */
export const deeplabResnet = (depth: number): HashedTensor[] => [
  ...prefixed("backbone.", counted(resnetBody(depth))),
  ...deeplabHead(2048),
];

/** DeepLabV3's head over features of so many channels. */
export function deeplabHead(inputs: number): HashedTensor[] {
  return [
    { name: "classifier.0.convs.0.0.weight", shape: [256, inputs, 1, 1] },
    ...[1, 2, 3].map((i) => ({ name: `classifier.0.convs.${i}.0.weight`, shape: [256, inputs, 3, 3] })),
    { name: "classifier.0.convs.4.1.weight", shape: [256, inputs, 1, 1] },
    { name: "classifier.0.project.0.weight", shape: [256, 1280, 1, 1] },
    { name: "classifier.1.weight", shape: [256, 256, 3, 3] },
    { name: "classifier.2.weight", shape: [256] },
    { name: "classifier.4.weight", shape: [21, 256, 1, 1] },
    { name: "classifier.4.bias", shape: [21] },
  ];
}
