/** Files that are refused by name: other networks, other ResNets, and names that do not tell what is meant. */
import { describe, expect, it } from "vitest";
import type { HashedTensor } from "../bench/hashed-weights.js";
import { FcnError, messageOf } from "../src/base/errors.js";
import { recognise } from "../src/weights/names.js";
import { hashedCheckpoint } from "./helpers/hashed-checkpoint.js";
import { bare, huggingFace, prefixed } from "./helpers/naming-schemes.js";

const refusal = (specs: readonly HashedTensor[]): string => {
  try {
    recognise(hashedCheckpoint(specs));
  } catch (error) {
    expect(error).toBeInstanceOf(FcnError);
    expect((error as FcnError).code).toBe("bad-weights");
    return messageOf(error);
  }
  throw new Error("it was not refused");
};

/** The ResNet with these numbers of blocks. */
const blocks = (counts: readonly number[]): HashedTensor[] =>
  bare.filter(({ name }) => {
    const [, layer, block] = /^layer(\d)\.(\d+)\./.exec(name) ?? [];
    return layer === undefined || Number(block) < (counts[Number(layer) - 1] as number);
  });

const reshaped = (name: string, shape: readonly number[]): HashedTensor[] =>
  bare.map((spec) => (spec.name === name ? { name, shape } : spec));

describe("what is refused", () => {
  it.each<[string, HashedTensor[], string]>([
    [
      "a file of something else",
      [
        { name: "encoder.block.0.weight", shape: [2] },
        { name: "lm_head", shape: [2] },
      ],
      `its tensors (2: "encoder.block.0.weight", "lm_head") are not a backbone's; the names of torchvision`,
    ],
    ["an empty file", [], "its tensors (0: ) are not a backbone's"],
    [
      "timm's EfficientNet-Lite",
      [1, 2, 2, 3, 3, 4, 1].flatMap((count, stage) =>
        Array.from({ length: count }, (_, i) => ({
          name: `blocks.${stage}.${i}.conv_pw${stage ? "l" : ""}.weight`,
          shape: [8, 8, 1, 1],
        })),
      ),
      "it is timm's EfficientNet-Lite, MNASNet, FBNet or another (1,2,2,3,3,4,1 blocks); ResNet, ",
    ],
    [
      "an SE-ResNet",
      [...bare, { name: "layer1.0.se.fc1.weight", shape: [4, 16, 1, 1] }],
      "it is an SE-ResNet; ResNet, ",
    ],
    ["SENet", [...bare, { name: "layer1.0.se_module.fc1.weight", shape: [4, 16, 1, 1] }], "it is an SE-ResNet; "],
    ["HRNet", [...bare, { name: "stage2.0.branches.0.0.conv1.weight", shape: [4, 4, 3, 3] }], "it is an HRNet; "],
    [
      "blocks left out",
      blocks([3, 4, 20, 3]),
      "its backbone is a ResNet of 3, 4, 20, 3 bottleneck blocks; " +
        "one of ResNet-18, ResNet-34, ResNet-50, ResNet-101, ResNet-152 is needed",
    ],
    [
      "basic blocks in other numbers",
      blocks([2, 3, 2, 2]).filter(({ name }) => !name.includes("conv3")),
      "its backbone is a ResNet of 2, 3, 2, 2 basic blocks",
    ],
    [
      "resnext101",
      reshaped("layer1.0.conv2.weight", [8, 2, 3, 3]),
      "its backbone is a ResNeXt-101 (convolutions in 4 groups)",
    ],
    [
      "wide_resnet101_2",
      reshaped("layer1.0.conv2.weight", [8, 8, 3, 3]),
      "its backbone is a wide ResNet-101 (8 planes behind a stem of 4)",
    ],
    [
      "resnet101d",
      bare.map((spec) => (spec.name === "conv1.weight" ? { ...spec, name: "conv1.0.weight" } : spec)),
      "a ResNet with a stem of three 3x3 convolutions",
    ],
    [
      "deeplabv3_resnet101",
      [
        ...prefixed("backbone.", bare),
        { name: "classifier.0.convs.0.0.weight", shape: [4, 4, 1, 1] },
        { name: "classifier.4.weight", shape: [21, 4, 1, 1] },
      ],
      "torchvision's DeepLabV3",
    ],
    [
      "two backbones",
      [...prefixed("student.", bare), ...prefixed("teacher.", bare)],
      'it holds more than one network (under "student.", "teacher.")',
    ],
    [
      "one tensor under two names",
      [...huggingFace(), { name: "conv1.weight", shape: [4, 3, 7, 7] }],
      'its tensors "embedder.embedder.convolution.weight" and "conv1.weight" both map to backbone.conv1.weight',
    ],
  ])("%s", (_, specs, message) => {
    expect(refusal(specs)).toContain(message);
  });

  it("reads no tensor that it does not list", async () => {
    const found = recognise(hashedCheckpoint(bare)).checkpoint;
    await expect(found.read("conv1.weight")).rejects.toThrow('hashed: it has no tensor "conv1.weight"');
  });
});
