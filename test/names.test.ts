/** Whose tensor names a checkpoint has: every naming scheme, and the files that are refused by name. */
import { describe, expect, it } from "vitest";
import { paperFcnTensors, torchvisionFcnTensors } from "../bench/hashed-weights.js";
import type { HashedTensor } from "../bench/hashed-weights.js";
import { FcnError, messageOf } from "../src/base/errors.js";
import { fileSource } from "../src/weights/file-source.js";
import { recognise } from "../src/weights/names.js";
import { openCheckpoint } from "../src/weights/open.js";
import { hashedCheckpoint } from "./helpers/hashed-checkpoint.js";

const WIDTH = 4;
const paper = paperFcnTensors(21, WIDTH);
const torchvision = torchvisionFcnTensors(21, WIDTH);
const bare = torchvision.flatMap(({ name, shape }) =>
  name.startsWith("backbone.") ? [{ name: name.slice("backbone.".length), shape }] : [],
);
const linear = (name: string): HashedTensor[] => [
  { name: `${name}.weight`, shape: [1000, 32 * WIDTH] },
  { name: `${name}.bias`, shape: [1000] },
];
const prefixed = (prefix: string, specs: readonly HashedTensor[]): HashedTensor[] =>
  specs.map(({ name, shape }) => ({ name: prefix + name, shape }));
const counted = (specs: readonly HashedTensor[]): HashedTensor[] =>
  specs.flatMap((spec) =>
    spec.name.endsWith("running_var")
      ? [spec, { name: spec.name.replace("running_var", "num_batches_tracked"), shape: [] }]
      : [spec],
  );

/** Hugging Face's names, written out from its module tree and not by undoing the map under test. */
function huggingFace(): HashedTensor[] {
  return bare.map(({ name, shape }) => {
    const [part = "", ...path] = name.split(".");
    const rest = path.join(".");
    if (part === "conv1") return { name: `embedder.embedder.convolution.${rest}`, shape };
    if (part === "bn1") return { name: `embedder.embedder.normalization.${rest}`, shape };
    const [block = "", module = "", ...leaf] = path;
    const layer = `encoder.stages.${Number(part.slice(5)) - 1}.layers.${block}`;
    if (module === "downsample")
      return {
        name: `${layer}.shortcut.${leaf[0] === "0" ? "convolution" : "normalization"}.${leaf.slice(1).join(".")}`,
        shape,
      };
    const kind = module.startsWith("conv") ? "convolution" : "normalization";
    return { name: `${layer}.layer.${Number(module.slice(-1)) - 1}.${kind}.${leaf.join(".")}`, shape };
  });
}

const DETR_REST: HashedTensor[] = [
  { name: "model.query_position_embeddings.weight", shape: [100, 8] },
  { name: "class_labels_classifier.weight", shape: [92, 8] },
];

const SCHEMES: readonly (readonly [string, HashedTensor[], string])[] = [
  [
    "torchvision resnet101",
    [...counted(bare), ...linear("fc")],
    "timm/torchvision resnet101: backbone only, 1000-class classifier ignored, 4 planes",
  ],
  ["timm without its classifier", counted(bare), "timm/torchvision resnet101: backbone only, 4 planes"],
  [
    "microsoft/resnet-101",
    [...prefixed("resnet.", counted(huggingFace())), ...linear("classifier.1")],
    "Hugging Face resnet-101: backbone only, 1000-class classifier ignored, 4 planes",
  ],
  ["Hugging Face's bare ResNetModel", counted(huggingFace()), "Hugging Face resnet-101: backbone only, 4 planes"],
  [
    "DETR by Hugging Face",
    [...prefixed("model.backbone.conv_encoder.model.", bare), ...DETR_REST],
    "DETR resnet101: backbone only, 2 other tensors ignored, 4 planes",
  ],
  [
    "DETR with Hugging Face's backbone",
    [...prefixed("model.backbone.conv_encoder.model.", huggingFace()), ...DETR_REST],
    "DETR resnet101: backbone only, 2 other tensors ignored, 4 planes",
  ],
  [
    "DETR's original",
    [...prefixed("backbone.0.body.", bare), { name: "class_embed.weight", shape: [92, 8] }],
    "DETR resnet101: backbone only, 1 other tensor ignored, 4 planes",
  ],
  [
    "DataParallel of a resnet101",
    prefixed("module.", counted([...bare, ...linear("fc")])),
    "timm/torchvision resnet101: backbone only, 1000-class classifier ignored, 4 planes",
  ],
  [
    "a detector of one's own",
    [...prefixed("body.", bare), { name: "rpn.head.weight", shape: [3] }],
    'resnet101 under "body.": backbone only, 1 other tensor ignored, 4 planes',
  ],
];

describe.each(SCHEMES)("%s", (_, specs, description) => {
  it("is recognised, and every tensor of its backbone is found with its values", async () => {
    const file = hashedCheckpoint(specs);
    const found = recognise(file);
    expect(found.description).toBe(description);
    expect(found).toMatchObject({
      architecture: "resnet101-backbone",
      variants: [],
      width: WIDTH,
      classes: undefined,
      aux: false,
    });
    expect([...found.checkpoint.tensors.values()].map(({ name, shape }) => ({ name, shape }))).toEqual(
      prefixed("backbone.", bare),
    );
    expect(found.ignored.length + found.checkpoint.tensors.size).toBe(file.tensors.size);
    const stem = [...file.tensors.keys()].find((name) =>
      /(^|\.)(conv1|embedder\.convolution)\.weight$/.test(name),
    ) as string;
    expect(await found.checkpoint.read("backbone.conv1.weight")).toEqual(await file.read(stem));
    expect(await found.checkpoint.readFloat64("backbone.conv1.weight")).toEqual(await file.readFloat64(stem));
  });
});

describe("files with heads", () => {
  it.each(["", "module.", "model.", "module.model."])("torchvision's fcn_resnet101 behind %j", (prefix) => {
    const found = recognise(hashedCheckpoint(prefixed(prefix, counted(torchvision))));
    expect(found).toMatchObject({
      architecture: "torchvision-fcn",
      variants: ["fcn-resnet101"],
      classes: 21,
      aux: true,
      width: WIDTH,
    });
    expect(found.description).toBe("torchvision fcn_resnet101: dilated, 21 classes, with aux head, 4 planes");
    expect([...found.checkpoint.tensors.keys()]).toEqual(torchvision.map(({ name }) => name));
    expect(found.ignored.every((name) => name.endsWith("num_batches_tracked"))).toBe(true);
  });

  it("says when there is no aux head, and how many classes there are", () => {
    const found = recognise(
      hashedCheckpoint(torchvisionFcnTensors(7, 64).filter(({ name }) => !name.startsWith("aux_"))),
    );
    expect(found.description).toBe("torchvision fcn_resnet101: dilated, 7 classes, without aux head");
    expect(found).toMatchObject({ aux: false, classes: 7, width: 64 });
  });

  it("our own, finest first", () => {
    const found = recognise(hashedCheckpoint(paper));
    expect(found).toMatchObject({
      architecture: "fcn",
      variants: ["fcn8s", "fcn16s", "fcn32s"],
      classes: 21,
      aux: false,
    });
    expect(found.description).toBe("fcn-webgpu ResNet-101: heads fcn8s, fcn16s, fcn32s, 21 classes, 4 planes");
    expect([...found.checkpoint.tensors.keys()]).toEqual(paper.map(({ name }) => name));
  });

  it("keeps what it does not know beside heads, for the model to report", () => {
    const found = recognise(
      hashedCheckpoint([
        ...torchvision,
        { name: "extra.weight", shape: [1] },
        { name: "backbone.layer1.0.se.weight", shape: [1] },
      ]),
    );
    expect(
      found.checkpoint.tensors.has("extra.weight") && found.checkpoint.tensors.has("backbone.layer1.0.se.weight"),
    ).toBe(true);
  });

  it.each([
    [
      "test/fixtures/checkpoints/fcn-resnet101-w16.pth",
      "fcn-webgpu ResNet-101: heads fcn8s, fcn16s, fcn32s, 21 classes, 16 planes",
    ],
    [
      "weights/fcn-resnet101-w16-icons-f16.safetensors",
      "fcn-webgpu ResNet-101: heads fcn8s, fcn16s, fcn32s, 21 classes, 16 planes",
    ],
  ])("the file %s", async (path, description) => {
    const file = await openCheckpoint(await fileSource(path));
    expect(recognise(file).description).toBe(description);
    await file.close();
  });
});

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
      'its 2 tensors ("encoder.block.0.weight", "lm_head") are not those of a ResNet-101; expected are the names of torchvision',
    ],
    ["an empty file", [], "its 0 tensors () are not those of a ResNet-101"],
    [
      "resnet50",
      blocks([3, 4, 6, 3]),
      "its backbone is ResNet-50 (3, 4, 6, 3 blocks); ResNet-101, with 3, 4, 23 and 3 bottleneck blocks, is needed",
    ],
    [
      "resnet34",
      blocks([3, 4, 6, 3]).filter(({ name }) => !name.includes("conv3")),
      "its backbone is ResNet-34 (3, 4, 6, 3 blocks)",
    ],
    ["resnet18", blocks([2, 2, 2, 2]), "its backbone is ResNet-18 (2, 2, 2, 2 blocks)"],
    ["blocks left out", blocks([3, 4, 20, 3]), "its backbone is no ResNet-101 (3, 4, 20, 3 blocks)"],
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
      'it holds more than one ResNet (under "student.", "teacher.")',
    ],
    [
      "one tensor under two names",
      [...huggingFace(), { name: "conv1.weight", shape: [4, 3, 7, 7] }],
      'its tensors "embedder.embedder.convolution.weight" and "conv1.weight" are both backbone.conv1.weight',
    ],
  ])("%s", (_, specs, message) => {
    expect(refusal(specs)).toContain(message);
  });

  it("reads no tensor that it does not list", async () => {
    const found = recognise(hashedCheckpoint(bare)).checkpoint;
    await expect(found.read("conv1.weight")).rejects.toThrow('hashed: it has no tensor "conv1.weight"');
  });
});
