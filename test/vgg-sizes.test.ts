/** Networks over VGG-16 give H x W for every H x W: their graphs at every size, and small ones on the device. */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { hashedVggTensor, vggTensors } from "../bench/hashed-vgg.js";
import { convTransposeOutputSize } from "../src/kernel/shape.js";
import { decoderGeometry, featureMapSizes } from "../src/layers/geometry.js";
import { describeBackbone } from "../src/models/backbones/index.js";
import { FCN_VARIANTS } from "../src/models/fcn-head.js";
import type { FcnVariant } from "../src/models/fcn-head.js";
import { Graph } from "../src/plan/graph.js";
import { recognise } from "../src/weights/names.js";
import { useDevice } from "./helpers/device.js";
import { hashedCheckpoint } from "./helpers/hashed-checkpoint.js";
import { backboneIn, paperNetwork } from "./helpers/networks.js";
import { stripedPicture } from "./helpers/small-networks.js";
import { VGG_WIDTH, loadVgg } from "./helpers/vgg.js";

const device = useDevice();
const LARGEST = 300;
const { checkpoint } = recognise(hashedCheckpoint(vggTensors(21, VGG_WIDTH), hashedVggTensor));
beforeAll(() => describeBackbone(checkpoint));

/** Kernel and crop of each transposed convolution. https://github.com/wkentaro/pytorch-fcn */
const CROPS: Readonly<Record<FcnVariant, readonly (readonly [kernel: number, crop: number])[]>> = {
  fcn32s: [[64, 19]],
  fcn16s: [
    [4, 5],
    [32, 27],
  ],
  fcn8s: [
    [4, 5],
    [4, 9],
    [16, 31],
  ],
};

/** Shape of the logits of a picture, as the graph has it: every kernel checks its operands. */
function shapeAt(variant: FcnVariant, height: number, width: number): readonly number[] {
  const graph = new Graph();
  const image = graph.input("x", [1, 3, height, width], "nhwc4");
  return paperNetwork(checkpoint, variant).logits(graph, image, [height, width]).shape;
}

describe.each(FCN_VARIANTS)("%s over VGG-16", (variant) => {
  it("has the crops of the paper's release", () => {
    const steps = decoderGeometry(backboneIn(checkpoint).encoder, { alignment: "crop-skips" })[variant];
    const crops = steps.map(({ kernel, crop, skipCrop }) => [kernel, skipCrop?.top ?? crop.top]);
    expect(crops).toEqual(CROPS[variant]);
  });

  it("gives H x W for every side of 1..300", () => {
    for (let size = 1; size <= LARGEST; size++) {
      expect(shapeAt(variant, size, LARGEST + 1 - size)).toEqual([1, 21, size, LARGEST + 1 - size]);
    }
  });

  it("gives H x W for any H x W", () => {
    const side = fc.integer({ min: 1, max: LARGEST });
    const check = (height: number, width: number): void => {
      expect(shapeAt(variant, height, width)).toEqual([1, 21, height, width]);
    };
    fc.assert(fc.property(side, side, check), { numRuns: 200, seed: 1 });
  });
});

it("every skip covers the upsampled scores at every size", () => {
  const { encoder } = backboneIn(checkpoint);
  const { fcn8s } = decoderGeometry(encoder, { alignment: "crop-skips" });
  for (let size = 1; size <= LARGEST; size++) {
    const sizes = featureMapSizes(encoder, size);
    let scores = sizes.get(32) ?? NaN;
    for (const step of fcn8s) {
      const upsampled = convTransposeOutputSize(scores, step);
      const cropped = (step.skipCrop?.top ?? 0) + upsampled;
      if (step.to === 1) expect(upsampled).toBeGreaterThanOrEqual(step.crop.top + size);
      else expect(sizes.get(step.to)).toBeGreaterThanOrEqual(cropped);
      scores = upsampled;
    }
  }
});

describe("on the device", () => {
  it.each([
    [1, 1],
    [3, 70],
    [64, 33],
  ])("a picture of %i x %i gets that many labels, the argmax of finite logits", async (width, height) => {
    const picture = stripedPicture(width, height);
    for (const variant of FCN_VARIANTS) {
      const fcn = await loadVgg(device(), vggTensors(7, VGG_WIDTH), { variant });
      const { data, shape } = await fcn.logits(picture);
      expect(shape).toEqual([1, 7, height, width]);
      expect(data.every(Number.isFinite)).toBe(true);
      expect((await fcn.segment(picture)).labels).toHaveLength(height * width);
      fcn.dispose();
    }
  });
});
