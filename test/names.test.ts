/** Recognises whose tensor names a checkpoint has: every naming scheme, with and without heads. */
import { describe, expect, it } from "vitest";
import { paperFcnTensors, torchvisionFcnTensors } from "../bench/hashed-weights.js";
import type { HashedTensor } from "../bench/hashed-weights.js";
import { fileSource } from "../src/weights/file-source.js";
import { recognise } from "../src/weights/names.js";
import { openCheckpoint } from "../src/weights/open.js";
import { hashedCheckpoint } from "./helpers/hashed-checkpoint.js";
import { WIDTH, bare, huggingFace, prefixed, torchvision } from "./helpers/naming-schemes.js";

const paper = paperFcnTensors(21, WIDTH);
/** The linear classifier of ImageNet. */
const linear = (name: string): HashedTensor[] => [
  { name: `${name}.weight`, shape: [1000, 32 * WIDTH] },
  { name: `${name}.bias`, shape: [1000] },
];
/** With PyTorch's batch counters. */
const counted = (specs: readonly HashedTensor[]): HashedTensor[] =>
  specs.flatMap((spec) =>
    spec.name.endsWith("running_var")
      ? [spec, { name: spec.name.replace("running_var", "num_batches_tracked"), shape: [] }]
      : [spec],
  );

/** What is left of DETR without its backbone. */
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

  it("keeps layers that it does not know, for the model to report, and ignores what lies beside the network", () => {
    const found = recognise(
      hashedCheckpoint([
        ...torchvision,
        { name: "extra.weight", shape: [1] },
        { name: "backbone.layer1.0.se.weight", shape: [1] },
      ]),
    );
    expect(found.checkpoint.tensors.has("backbone.layer1.0.se.weight")).toBe(true);
    expect(found.ignored).toEqual(["extra.weight"]);
    expect(found.description).toMatch(/with aux head, 1 other tensor ignored \("extra\.weight"\), 4 planes$/);
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
