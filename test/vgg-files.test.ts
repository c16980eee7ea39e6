/** VGG-16 files: pytorch-fcn's three, at once or not, fixed kernels, and ImageNet's classifiers as backbones. */
import { describe, expect, it } from "vitest";
import { hashedVggTensor, vggBackbone, vggHeads, vggTensors } from "../bench/hashed-vgg.js";
import { hashedTensor, paperFcnTensors, torchvisionFcnTensors } from "../bench/hashed-weights.js";
import type { HashedTensor } from "../bench/hashed-weights.js";
import { bilinearPlane } from "../src/layers/upsample.js";
import { Comparison, ComparisonSet } from "../src/models/node-comparison.js";
import { FCN_VARIANTS, loadFcn } from "../src/node.js";
import type { Fcn, NodeLoadOptions, NodePicture } from "../src/node.js";
import { recognise } from "../src/weights/names.js";
import { useDevice } from "./helpers/device.js";
import { expectError } from "./helpers/expect-error.js";
import { hashedCheckpoint, hashedFile } from "./helpers/hashed-checkpoint.js";
import { agreement, argmaxOf, largestDifference } from "./helpers/reference-maps.js";
import { stripedPicture } from "./helpers/small-networks.js";
import { VGG_WIDTH, loadVgg, vggClassifier } from "./helpers/vgg.js";

const device = useDevice();
const picture = stripedPicture(52, 40);
const ALL = vggTensors(5, VGG_WIDTH);
const load = (specs: readonly HashedTensor[], options?: NodeLoadOptions): Promise<Fcn<NodePicture>> =>
  loadVgg(device(), specs, options);

/** Loads a file of these tensors, whose values may differ from the hash. */
async function loadWith(
  specs: readonly HashedTensor[],
  values: (name: string, shape: readonly number[]) => Float32Array,
  options: NodeLoadOptions = {},
): Promise<Fcn<NodePicture>> {
  return loadFcn({ weights: await hashedFile(specs, values), device: device(), ...options });
}

async function logitsOf(opened: Promise<Fcn<NodePicture>>): Promise<Float32Array> {
  const fcn = await opened;
  const { data } = await fcn.logits(picture);
  fcn.dispose();
  return data;
}

describe("pytorch-fcn's files", () => {
  it.each(FCN_VARIANTS)("%s loads as itself, with the logits that a file of all heads gives", async (variant) => {
    const specs = [...vggBackbone(VGG_WIDTH), ...vggHeads([variant], 5, VGG_WIDTH)];
    const fcn = await load(specs);
    expect(fcn.variant).toBe(variant);
    expect(fcn.description).toBe(`pytorch-fcn VGG-16: head ${variant}, 5 classes, 4 planes`);
    const { data } = await fcn.logits(picture);
    expect(data).toEqual(await logitsOf(load(ALL, { variant })));
    fcn.dispose();
  });

  it("have an error for a head that they lack", async () => {
    const specs = [...vggBackbone(VGG_WIDTH), ...vggHeads(["fcn16s"], 5, VGG_WIDTH)];
    await expectError(
      () => load(specs, { variant: "fcn8s" }),
      "bad-weights",
      "weights in memory is pytorch-fcn VGG-16: head fcn16s, 5 classes, 4 planes; it has no head for fcn8s: " +
        'load it as fcn16s, or give heads: "init" (--heads init) for an untrained one',
    );
  });

  it("get an untrained head beside the one they have", async () => {
    const specs = [...vggBackbone(VGG_WIDTH), ...vggHeads(["fcn16s"], 5, VGG_WIDTH)];
    const fcn = await load(specs, { variant: "fcn8s", heads: "init" });
    expect(fcn.notice).toMatch(/^the head of fcn8s is untrained/);
    expect((await fcn.logits(picture)).shape).toEqual([1, 5, 40, 52]);
    fcn.dispose();
  });

  it("may leave out fixed kernels, which are bilinear", async () => {
    const isUpscore = ({ name }: HashedTensor): boolean => name.startsWith("upscore");
    const bilinearOnDiagonal = (name: string, shape: readonly number[]): Float32Array => {
      if (!name.startsWith("upscore")) return hashedVggTensor(name, shape);
      const [classes = 0, , side = 0] = shape;
      const data = new Float32Array(classes ** 2 * side ** 2);
      for (let c = 0; c < classes; c++) data.set(bilinearPlane(side), (c * classes + c) * side ** 2);
      return data;
    };
    for (const variant of FCN_VARIANTS) {
      const specs = [...vggBackbone(VGG_WIDTH), ...vggHeads([variant], 5, VGG_WIDTH)];
      const fixed = await load(specs.filter((spec) => !isUpscore(spec)));
      expect(fixed.variant).toBe(variant);
      const { data } = await fixed.logits(picture);
      const stored = await logitsOf(loadWith(specs, bilinearOnDiagonal));
      expect(largestDifference(data, stored)).toBeLessThan(1e-5 * Math.max(...stored.map(Math.abs)));
      const { labels } = await fixed.segment(picture);
      expect(agreement(labels, argmaxOf(data, labels.length))).toBeGreaterThan(0.998);
      fixed.dispose();
    }
  });

  it("need all kernels where they have the last one", async () => {
    const specs = ALL.filter(({ name }) => name !== "upscore2.weight");
    await expect(load(specs)).rejects.toThrow("does not fit fcn8s: 1 missing (upscore2.weight)");
  });

  it("are compared side by side over one backbone", async () => {
    const { checkpoint } = recognise(hashedCheckpoint(ALL, hashedVggTensor));
    const comparison = await Comparison.open(device(), checkpoint);
    const { labels } = await comparison.run(picture);
    for (const variant of FCN_VARIANTS) {
      const fcn = await load(ALL, { variant });
      expect(labels[variant]).toEqual((await fcn.segment(picture)).labels);
      fcn.dispose();
    }
    comparison.dispose();
  });
});

describe("atOnce", () => {
  const scales: Readonly<Record<string, number>> = { "score_pool4.weight": 0.01, "score_pool3.weight": 0.0001 };
  const scaled = (name: string, shape: readonly number[]): Float32Array =>
    hashedVggTensor(name, shape).map((value) => value * (scales[name] ?? 1));

  it.each(["fcn16s", "fcn8s"] as const)("scales pool4 by 0.01 and pool3 by 0.0001 in %s", async (variant) => {
    const atOnce = await logitsOf(load(ALL, { variant, atOnce: true }));
    expect(atOnce).toEqual(await logitsOf(loadWith(ALL, scaled, { variant })));
    expect(atOnce).not.toEqual(await logitsOf(load(ALL, { variant })));
  });

  it("is an option of comparisons too", async () => {
    const { checkpoint } = recognise(hashedCheckpoint(ALL, hashedVggTensor));
    const comparison = await Comparison.open(device(), checkpoint, { atOnce: true });
    const { labels } = await comparison.run(picture);
    const fcn = await load(ALL, { atOnce: true });
    expect(labels.fcn8s).toEqual((await fcn.segment(picture)).labels);
    const set = await ComparisonSet.open(device(), [{ checkpoint, atOnce: true }]);
    expect((await set.run(picture)).labels.fcn8s).toEqual(labels.fcn8s);
    set.dispose();
    fcn.dispose();
    comparison.dispose();
  });

  it("is refused where there is nothing to scale", async () => {
    await expectError(
      () => load(ALL, { variant: "fcn32s", atOnce: true }),
      "bad-option",
      "fcn32s has no skips, which atOnce (--at-once) would scale: leave it out",
    );
    await expectError(
      () => load(vggBackbone(VGG_WIDTH), { variant: "fcn8s", heads: "init", atOnce: true }),
      "bad-option",
      "weights in memory has no trained head for fcn8s, which atOnce (--at-once) would scale: leave it out",
    );
    for (const specs of [paperFcnTensors(5, VGG_WIDTH), torchvisionFcnTensors(5, VGG_WIDTH)])
      await expectError(
        () => loadWith(specs, hashedTensor, { atOnce: true }),
        "bad-option",
        "weights in memory has a backbone ResNet-101, atOnce (--at-once) is for VGG-16: leave it out",
      );
  });
});

describe.each(["torchvision", "timm"] as const)("ImageNet's vgg16 of %s", (library) => {
  const specs = vggClassifier(library);
  const own = new Map(specs.map(({ name, values }) => [name, values]));
  /** The first convolution reads red, green, blue. */
  const values = (name: string, shape: readonly number[]): Float32Array => {
    const inOrder = hashedVggTensor(own.get(name) ?? "", shape);
    if (name !== "features.0.weight") return inOrder;
    return inOrder.map((_, i) => inOrder[i - (i % 27) + (2 - Math.floor((i % 27) / 9)) * 9 + (i % 9)] as number);
  };

  it("is a backbone for untrained heads, with ImageNet's preprocessing", async () => {
    const options = { heads: "init", variant: "fcn8s" } as const;
    const fcn = await loadWith(specs, values, options);
    expect(fcn.description).toBe("timm/torchvision vgg16: backbone only, 1000-class classifier ignored, 4 planes");
    const { data } = await fcn.logits(picture);
    const preprocessing = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;
    const caffes = await logitsOf(load(vggBackbone(VGG_WIDTH), { ...options, preprocessing }));
    expect(largestDifference(data, caffes)).toBeLessThan(1e-5 * Math.max(...caffes.map(Math.abs)));
    fcn.dispose();
  });

  it("has no head of its own", async () => {
    await expect(loadWith(specs, values)).rejects.toThrow(
      "weights in memory is timm/torchvision vgg16: backbone only, 1000-class classifier ignored, 4 planes; " +
        'it has no head for fcn8s: give heads: "init"',
    );
  });
});
