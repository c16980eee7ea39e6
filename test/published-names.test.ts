/** A table of published checkpoints: each is recognised by its names, or refused by the network's name. */
import { beforeAll, describe, expect, it } from "vitest";
import { vggBackbone, vggHeads } from "../bench/hashed-vgg.js";
import type { HashedTensor } from "../bench/hashed-weights.js";
import { inspectCheckpoint } from "../src/cli/inspect-report.js";
import { describeBackbone } from "../src/models/backbones/index.js";
import { recognise } from "../src/weights/names.js";
import { hashedCheckpoint } from "./helpers/hashed-checkpoint.js";
import {
  lraspp,
  mobileNetV3Backbone,
  timmEfficientNet,
  timmMobileNetV2,
  timmMobileNetV3,
  torchvisionEfficientNet,
  torchvisionMobileNetV2,
  torchvisionMobileNetV3,
} from "./helpers/published-mobilenets.js";
import {
  deeplabHead,
  deeplabResnet,
  huggingFaceResnet,
  linear,
  prefixed,
  resnet,
  resnet50d,
  resnext,
  torchvisionFcn,
  wideResnet,
} from "./helpers/published-resnets.js";
import { vggClassifier } from "./helpers/vgg.js";

type Row = readonly [file: string, specs: readonly HashedTensor[], found: string];

const BARE = "backbone only, 1000-class classifier ignored";
const DEPTHS = [18, 34, 50, 101, 152];
const pytorchFcn = (variant: "fcn32s" | "fcn16s" | "fcn8s"): Row => [
  `pytorch-fcn ${variant}`,
  [...vggBackbone(), ...vggHeads([variant])],
  `pytorch-fcn VGG-16: head ${variant}, 21 classes`,
];

const RECOGNISED: readonly Row[] = [
  ...DEPTHS.map((depth): Row => [
    `torchvision resnet${depth}`,
    resnet(depth),
    `timm/torchvision resnet${depth}: ${BARE}`,
  ]),
  ...[18, 50, 101].map((depth): Row => [
    `microsoft/resnet-${depth}`,
    huggingFaceResnet(depth),
    `Hugging Face resnet-${depth}: ${BARE}`,
  ]),
  ...[50, 101].map((depth): Row => [
    `torchvision fcn_resnet${depth}`,
    torchvisionFcn(depth),
    `torchvision fcn_resnet${depth}: dilated, 21 classes, with aux head`,
  ]),
  ["torchvision mobilenet_v2", torchvisionMobileNetV2, `torchvision mobilenet_v2: ${BARE}`],
  ["timm mobilenetv2_100", timmMobileNetV2, `timm mobilenetv2: ${BARE}`],
  ["torchvision vgg16", vggClassifier("torchvision", 64), `timm/torchvision vgg16: ${BARE}`],
  ["timm vgg16", vggClassifier("timm", 64), `timm/torchvision vgg16: ${BARE}`],
  pytorchFcn("fcn32s"),
  pytorchFcn("fcn16s"),
  pytorchFcn("fcn8s"),
  // Its names are fcn8s's: only --at-once tells them apart.
  ["pytorch-fcn fcn8s-atonce", pytorchFcn("fcn8s")[1], pytorchFcn("fcn8s")[2]],
];

/** torchvision's VGG of these convolutions (true: a pooling follows), with batch norm or without. */
function vgg(convolutions: readonly boolean[], hasNorm: boolean): HashedTensor[] {
  let index = 0;
  const features = convolutions.flatMap((isPooled) => {
    const own = [
      { name: `features.${index}.weight`, shape: [64, 64, 3, 3] },
      { name: `features.${index}.bias`, shape: [64] },
    ];
    const norm = ["running_mean", "weight"].map((leaf) => ({ name: `features.${index + 1}.${leaf}`, shape: [64] }));
    index += (hasNorm ? 3 : 2) + (isPooled ? 1 : 0);
    return hasNorm ? [...own, ...norm] : own;
  });
  return [...features, ...linear("classifier.0", 25088, 4096), ...linear("classifier.6", 4096)];
}
const stages = (...counts: number[]): boolean[] =>
  counts.flatMap((count) => Array.from({ length: count }, (_, i) => i === count - 1));
const named = (...names: string[]): HashedTensor[] => names.map((name) => ({ name, shape: [8, 8, 1, 1] }));

const REFUSED: readonly Row[] = [
  ["torchvision deeplabv3_resnet50", deeplabResnet(50), "it is torchvision's DeepLabV3, whose head is not an FCN's"],
  ["torchvision deeplabv3_resnet101", deeplabResnet(101), "it is torchvision's DeepLabV3, whose head is not an FCN's"],
  [
    "torchvision deeplabv3_mobilenet_v3_large",
    [...mobileNetV3Backbone, ...deeplabHead(960)],
    "it is torchvision's DeepLabV3; ResNet, MobileNetV2 or VGG-16 is needed",
  ],
  ["torchvision lraspp_mobilenet_v3_large", lraspp, "it is torchvision's LR-ASPP; ResNet,"],
  ["torchvision mobilenet_v3_large", torchvisionMobileNetV3, "it is torchvision's MobileNetV3; ResNet,"],
  ["torchvision efficientnet_b0", torchvisionEfficientNet, "it is torchvision's EfficientNet; ResNet,"],
  ["torchvision resnext50_32x4d", resnext, "its backbone is a ResNeXt-50 (convolutions in 32 groups)"],
  ["torchvision wide_resnet50_2", wideResnet, "its backbone is a wide ResNet-50 (128 planes behind a stem of 64)"],
  ["torchvision vgg16_bn", vgg(stages(2, 2, 3, 3, 3), true), "it is VGG-16 with batch norm; ResNet,"],
  ["torchvision vgg19", vgg(stages(2, 2, 4, 4, 4), false), "it is VGG-19; ResNet,"],
  ["torchvision vgg13_bn", vgg(stages(2, 2, 2, 2, 2), true), "it is VGG-13 with batch norm; ResNet,"],
  ["torchvision alexnet", vgg(stages(1, 1, 3), false), "it is AlexNet; ResNet,"],
  [
    "torchvision densenet121",
    named("features.conv0.weight", "features.denseblock1.denselayer1.conv1.weight"),
    "it is a DenseNet;",
  ],
  ["torchvision squeezenet1_0", named("features.0.weight", "features.3.squeeze.weight"), "it is no VGG-16;"],
  [
    "torchvision convnext_tiny",
    named("features.0.0.weight", "features.1.0.layer_scale", "features.1.0.block.0.weight"),
    "it is a ConvNeXt;",
  ],
  [
    "torchvision vit_b_16",
    named("conv_proj.weight", "encoder.layers.encoder_layer_0.ln_1.weight"),
    "it is a transformer;",
  ],
  ["timm resnet50d", resnet50d, "its backbone is a ResNet with a stem of three 3x3 convolutions (a ResNet-C or -D)"],
  ["timm efficientnet_b0", timmEfficientNet, "it is timm's EfficientNet; ResNet,"],
  ["timm mobilenetv3_large_100", timmMobileNetV3, "it is timm's MobileNetV3; ResNet,"],
  [
    "timm convnext_tiny",
    named("stem.0.weight", "stages.0.blocks.0.gamma", "stages.0.blocks.0.conv_dw.weight"),
    "it is a ConvNeXt;",
  ],
  [
    "timm swin_tiny",
    named("layers.0.blocks.0.attn.qkv.weight", "layers.0.blocks.0.attn.relative_position_bias_table"),
    "it is a transformer;",
  ],
  ["timm vit_base_patch16_224", named("patch_embed.proj.weight", "blocks.0.attn.qkv.weight"), "it is a transformer;"],
  [
    "Hugging Face segformer",
    named("segformer.encoder.patch_embeddings.0.proj.weight", "decode_head.classifier.weight"),
    "it is a transformer;",
  ],
];

beforeAll(async () => {
  const { checkpoint } = recognise(hashedCheckpoint(vggBackbone()));
  await describeBackbone(checkpoint);
});

describe.each(["", "module.", "model."])("behind %j", (wrapper) => {
  it.each(RECOGNISED)("%s is recognised", async (_, specs, description) => {
    const found = await inspectCheckpoint(hashedCheckpoint(prefixed(wrapper, specs)));
    expect([found.reason, found.description]).toEqual([null, description]);
  });

  it.each(REFUSED)("%s is refused by its name", async (_, specs, sentence) => {
    const found = await inspectCheckpoint(hashedCheckpoint(prefixed(wrapper, specs)));
    expect(found.reason).toContain(sentence);
    expect(found.description).toBeNull();
  });
});

it("the networks that a file's names are meant for fit it, and no other", async () => {
  const fits = async (specs: readonly HashedTensor[]): Promise<string[]> => {
    const { networks } = await inspectCheckpoint(hashedCheckpoint(specs));
    return networks.filter((network) => network.fits).map(({ variant }) => variant);
  };
  for (const variant of ["fcn32s", "fcn16s", "fcn8s"] as const)
    expect(await fits(pytorchFcn(variant)[1])).toEqual([variant]);
  expect(await fits(torchvisionFcn(50))).toEqual(["fcn-resnet50"]);
  expect(await fits(resnet(50))).toEqual([]);
});
