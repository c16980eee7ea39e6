/** Names and shapes of the small networks that torchvision and timm publish, as far as their names tell them apart. */
import type { HashedTensor } from "../../bench/hashed-weights.js";
import { counted, linear, prefixed } from "./published-resnets.js";

const norm = (name: string, channels: number): HashedTensor[] =>
  counted(
    ["weight", "bias", "running_mean", "running_var"].map((part) => ({ name: `${name}.${part}`, shape: [channels] })),
  );

const conv = (name: string, out: number, inputs: number, side: number): HashedTensor => ({
  name: `${name}.weight`,
  shape: [out, inputs, side, side],
});

/** A convolution and its batch norm. */
const unit = (path: string, bn: string, out: number, inputs: number, side: number): HashedTensor[] => [
  conv(path, out, inputs, side),
  ...norm(bn, out),
];

/** Expansion, output channels and repeats of MobileNetV2's stages. https://arxiv.org/abs/1801.04381, table 2 */
const STAGES = [
  [1, 16, 1],
  [6, 24, 2],
  [6, 32, 3],
  [6, 64, 4],
  [6, 96, 3],
  [6, 160, 3],
  [6, 320, 1],
] as const;

interface Block {
  readonly stage: number;
  readonly index: number;
  readonly inputs: number;
  readonly hidden: number;
  readonly out: number;
}

function mobileNetBlocks(): Block[] {
  let inputs = 32;
  return STAGES.flatMap(([expansion, out, repeats], stage) =>
    Array.from({ length: repeats }, (_, index) => {
      const block = { stage, index, inputs, hidden: inputs * expansion, out };
      inputs = out;
      return block;
    }),
  );
}

/** torchvision's mobilenet_v2. */
export const torchvisionMobileNetV2: readonly HashedTensor[] = [
  ...unit("features.0.0", "features.0.1", 32, 3, 3),
  ...mobileNetBlocks().flatMap(({ inputs, hidden, out }, i) => {
    const path = `features.${i + 1}.conv`;
    const first = hidden === inputs ? 0 : 1;
    return [
      ...(first === 0 ? [] : unit(`${path}.0.0`, `${path}.0.1`, hidden, inputs, 1)),
      ...unit(`${path}.${first}.0`, `${path}.${first}.1`, hidden, 1, 3),
      ...unit(`${path}.${first + 1}`, `${path}.${first + 2}`, out, hidden, 1),
    ];
  }),
  ...unit("features.18.0", "features.18.1", 1280, 320, 1),
  ...linear("classifier.1", 1280),
];

/** timm's mobilenetv2_100; with `squeezes` the names that EfficientNet has beside them. */
function timmBlocks(squeezes: boolean): HashedTensor[] {
  const blocks = mobileNetBlocks().flatMap(({ stage, index, inputs, hidden, out }) => {
    const path = `blocks.${stage}.${index}`;
    const squeeze = [conv(`${path}.se.conv_reduce`, 8, hidden, 1), conv(`${path}.se.conv_expand`, hidden, 8, 1)];
    const maybeSqueeze = squeezes ? squeeze : [];
    if (stage === 0) {
      const ends = unit(`${path}.conv_pw`, `${path}.bn2`, out, hidden, 1);
      return [...unit(`${path}.conv_dw`, `${path}.bn1`, hidden, 1, 3), ...maybeSqueeze, ...ends];
    }
    return [
      ...unit(`${path}.conv_pw`, `${path}.bn1`, hidden, inputs, 1),
      ...unit(`${path}.conv_dw`, `${path}.bn2`, hidden, 1, 3),
      ...maybeSqueeze,
      ...unit(`${path}.conv_pwl`, `${path}.bn3`, out, hidden, 1),
    ];
  });
  return [...unit("conv_stem", "bn1", 32, 3, 3), ...blocks];
}
const timmHead = [...unit("conv_head", "bn2", 1280, 320, 1), ...linear("classifier", 1280)];
export const timmMobileNetV2 = [...timmBlocks(false), ...timmHead];
export const timmEfficientNet = [...timmBlocks(true), ...timmHead];
/** Its last convolution has a bias and no batch norm. */
export const timmMobileNetV3 = [
  ...timmBlocks(true),
  conv("conv_head", 1280, 960, 1),
  { name: "conv_head.bias", shape: [1280] },
  ...linear("classifier", 1280),
];

/** The features of torchvision's mobilenet_v3_large. */
const mobileNetV3Features: HashedTensor[] = [
  ...unit("0.0", "0.1", 16, 3, 3),
  ...unit("1.block.0.0", "1.block.0.1", 16, 1, 3),
  ...unit("1.block.1.0", "1.block.1.1", 16, 16, 1),
  ...unit("4.block.0.0", "4.block.0.1", 72, 24, 1),
  conv("4.block.2.fc1", 24, 72, 1),
  conv("4.block.2.fc2", 72, 24, 1),
  ...unit("16.0", "16.1", 960, 160, 1),
];
export const torchvisionMobileNetV3 = [
  ...prefixed("features.", mobileNetV3Features),
  ...linear("classifier.0", 960, 1280),
  ...linear("classifier.3", 1280),
];
/** What torchvision's segmentation networks over MobileNetV3 have as their backbone. */
export const mobileNetV3Backbone = prefixed("backbone.", mobileNetV3Features);
export const lraspp = [
  ...mobileNetV3Backbone,
  ...unit("classifier.cbr.0", "classifier.cbr.1", 128, 960, 1),
  conv("classifier.scale.1", 128, 960, 1),
  conv("classifier.low_classifier", 21, 40, 1),
  { name: "classifier.low_classifier.bias", shape: [21] },
  conv("classifier.high_classifier", 21, 128, 1),
];
export const torchvisionEfficientNet = [
  ...unit("features.0.0", "features.0.1", 32, 3, 3),
  ...unit("features.1.0.block.0.0", "features.1.0.block.0.1", 32, 1, 3),
  conv("features.1.0.block.1.fc1", 8, 32, 1),
  ...linear("classifier.1", 1280),
];
