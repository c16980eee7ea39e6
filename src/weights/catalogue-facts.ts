/** What is worth knowing about weights before they are downloaded, and their digests. For Node: no page loads it. */
import type { WeightsName } from "./catalogue.js";
import { DEFAULT_CHECKPOINT, ICONS_CHECKPOINT } from "./default-checkpoint.js";

export interface WeightsFacts {
  /** Of the file. For people: the digest decides whether a file is the right one. */
  readonly bytes: number;
  /** SHA-256 of the file in lower-case hex. */
  readonly sha256: string;
  /** As an SPDX identifier. */
  readonly licence: string;
  /** The pictures it was trained on, in a word or two. */
  readonly knows: string;
  /** Classes of its heads; 0 for a backbone without one. All heads have PASCAL VOC's 21. */
  readonly classes: number;
}

/** torchvision's networks for segmentation (COCO_WITH_VOC_LABELS_V1). */
const dilated = (bytes: number, sha256: string): WeightsFacts => ({
  bytes,
  sha256,
  licence: "BSD-3-Clause",
  knows: "photographs",
  classes: 21,
});

/** torchvision's networks for whole pictures (IMAGENET1K_V1). */
const backbone = (bytes: number, sha256: string): WeightsFacts => ({
  bytes,
  sha256,
  licence: "BSD-3-Clause",
  knows: "ImageNet",
  classes: 0,
});

/** https://docs.pytorch.org/vision/stable/models.html */
export const WEIGHTS_FACTS: Readonly<Record<WeightsName, WeightsFacts>> = {
  photos: {
    bytes: 4_294_526,
    sha256: DEFAULT_CHECKPOINT.sha256,
    licence: "Apache-2.0",
    knows: "photographs",
    classes: 21,
  },
  icons: {
    bytes: 5_698_472,
    sha256: ICONS_CHECKPOINT.sha256,
    licence: "MIT",
    knows: "drawn icons",
    classes: 21,
  },
  "torchvision/fcn_resnet101": dilated(217_800_805, "7ecb50ca17844860a70d5ed0c748d997cf8adb62932abaa0233430c68594d749"),
  "torchvision/fcn_resnet50": dilated(141_567_418, "1167a1affa42e1e62858f8d3fac12d109e0108327ffc91c5855a324b11683c36"),
  "torchvision/resnet18": backbone(46_830_571, "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec"),
  "torchvision/resnet34": backbone(87_319_819, "b627a593bcbe140c234610266fe4f8ae95ea42fc881d091c9b6052e6b1d0590f"),
  "torchvision/resnet50": backbone(102_530_333, "0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a"),
  "torchvision/resnet101": backbone(178_793_939, "63fe2227b86e8f1f2063f43a75c84d195911b6a0eace650907dd3dc62dd49a0a"),
  "torchvision/resnet152": backbone(241_627_721, "394f9c45966e3651a89bbb78a48410a6755854ce4a5ab64927cf1c7247f85e58"),
  "torchvision/mobilenet_v2": backbone(14_212_972, "b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889"),
};
