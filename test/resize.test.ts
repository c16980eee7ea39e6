/** The size at which a network sees a picture: by default, by choice, and as PyTorch and Pillow resize. */
import { describe, expect, it } from "vitest";
import { paperFcnTensors, torchvisionFcnTensors } from "../bench/hashed-weights.js";
import { normalizeReference } from "../shaders/normalize/reference.js";
import { resizeReference } from "../shaders/resize/reference.js";
import { toRgba } from "../src/image/picture.js";
import { shrink } from "../src/image/shrink.js";
import { uploadBytes } from "../src/models/batches.js";
import { IMAGENET, networkSize } from "../src/models/preprocessing.js";
import { torchvisionNetwork } from "../src/models/torchvision.js";
import type { Picture } from "../src/node.js";
import { WeightStore } from "../src/plan/weight-store.js";
import { recognise } from "../src/weights/names.js";
import { Parameters } from "../src/weights/parameters.js";
import { useDevice } from "./helpers/device.js";
import { expectError } from "./helpers/expect-error.js";
import { hashedCheckpoint } from "./helpers/hashed-checkpoint.js";
import { agreement, largestDifference } from "./helpers/reference-maps.js";
import { WIDTH, loadHashed, logitsOfBothHeads, stripedPicture } from "./helpers/small-networks.js";

const device = useDevice();
const TORCHVISION = torchvisionFcnTensors(21, WIDTH);
const PAPER = paperFcnTensors(21, WIDTH);

/** RGBA pixels as four planes. */
function planes({ width, height, data }: Picture): Float64Array {
  const size = width * height;
  return Float64Array.from({ length: 4 * size }, (_, i) => data[(i % size) * 4 + Math.floor(i / size)] as number);
}

const bilinear = (height: number, width: number) =>
  ({ mode: "bilinear", align_corners: false, height, width }) as const;

describe("pictures that are too long", () => {
  it.each([
    [40_000, 600],
    [600, 40_000],
  ])("%i x %i end in a sentence with a cure", async (width, height) => {
    const fcn = await loadHashed(device(), TORCHVISION);
    const picture = { width, height, data: new Uint8Array(width * height * 4) };
    const seen = networkSize(height, width, 520);
    await expectError(
      () => fcn.segment(picture),
      "limit-too-small",
      new RegExp(
        `^a picture of ${width} x ${height}, resized to ${seen[1]} x ${seen[0]}, is too large for this device: ` +
          ".*; give loadFcn a smaller resize, such as 260 \\(--resize\\), or shrink or crop the picture; " +
          "of this shape, \\d+ x \\d+ fits$",
      ),
    );
    expect((await fcn.segment(stripedPicture(30, 20))).width).toBe(30);
    fcn.dispose();
  });
});

it("a picture that came shrunk to another size is shrunk anew", () => {
  const picture = toRgba(stripedPicture(64, 48));
  const ofSize = shrink(picture, 24, 32);
  expect(uploadBytes([{ ...picture, shrunk: ofSize }], 24)).toBe(ofSize.data);
  const expected = uploadBytes([picture], 24);
  for (const shrunk of [shrink(picture, 12, 16), shrink(picture, 32, 24)])
    expect(uploadBytes([{ ...picture, shrunk }], 24)).toEqual(expected);
});

describe("the size that a network sees", () => {
  it.each([
    [375, 500, 520, 520, 693],
    [500, 375, 520, 693, 520],
    [520, 520, 520, 520, 520],
    [1080, 1920, 520, 520, 924],
    [7, 3, 64, 149, 64],
    [480, 641, "none", 480, 641],
  ] as const)("of %i x %i at %s is %i x %i, as in torchvision's Resize", (height, width, resize, h, w) => {
    expect(networkSize(height, width, resize)).toEqual([h, w]);
  });

  it.each([
    [1, 37, 384, 42, 1536],
    [33, 2, 384, 1536, 93],
    [90, 360, 384, 384, 1536],
    [50, 20000, 520, 50, 20000],
    [300, 4000, 384, 300, 4000],
    [400, 4000, 384, 384, 3840],
  ])("of %i x %i at %i is %i x %i: narrow pictures are enlarged less", (height, width, resize, h, w) => {
    expect(networkSize(height, width, resize)).toEqual([h, w]);
  });

  it("goes with the weights, and can be chosen", async () => {
    for (const [specs, options, resize] of [
      [TORCHVISION, {}, 520],
      [TORCHVISION, { resize: "none" }, "none"],
      [PAPER, {}, "none"],
      [PAPER, { resize: 99 }, 99],
    ] as const) {
      const fcn = await loadHashed(device(), specs, options);
      expect(fcn.resize).toBe(resize);
      fcn.dispose();
    }
    for (const resize of [0, -1, 1.5, NaN]) {
      await expect(loadHashed(device(), PAPER, { resize })).rejects.toMatchObject({
        code: "bad-option",
        message: expect.stringContaining(String(resize)) as string,
      });
    }
  });

  it("does not change the size of labels and scores, which are resized as in PyTorch", async () => {
    const [height, width] = [31, 47];
    const picture = stripedPicture(width, height);
    const seenSize = networkSize(height, width, 72);
    const fcn = await loadHashed(device(), TORCHVISION, { resize: 72 });
    const network = torchvisionNetwork(Parameters.of(recognise(hashedCheckpoint(TORCHVISION)).checkpoint));
    const store = new WeightStore(device());
    const statistics = { mean: { shape: [3], data: IMAGENET.mean }, std: { shape: [3], data: IMAGENET.std } };
    const { y: seen } = normalizeReference(
      { image: { shape: [1, 4, height, width], data: planes(picture) }, ...statistics },
      { height: seenSize[0], width: seenSize[1], padded: 0 },
    );
    const direct = await logitsOfBothHeads(network, store, seen?.data ?? [], seenSize);
    for (const [aux, data] of [
      [false, direct.out],
      [true, direct.aux],
    ] as const) {
      const { y: expected } = resizeReference({ x: { shape: [1, 21, ...seenSize], data } }, bilinear(height, width));
      const logits = await fcn.logits(picture, { aux });
      expect(logits.shape).toEqual([1, 21, height, width]);
      expect(largestDifference(logits.data, expected?.data ?? [])).toBeLessThan(1e-3);
    }
    const { data } = await fcn.logits(picture);
    const best = Array.from({ length: height * width }, (_, i) => {
      const values = Array.from({ length: 21 }, (__, c) => data[c * height * width + i] as number);
      return values.indexOf(Math.max(...values));
    });
    const segmented = await fcn.segment(picture);
    expect(segmented).toMatchObject({ width, height });
    expect(agreement(segmented.labels, best)).toBe(1);
    fcn.dispose();
    store.dispose();
  });
});

describe("a picture that shrinks", () => {
  it("is filtered as in Pillow", () => {
    const { data } = stripedPicture(13, 9);
    const small = shrink({ width: 13, height: 9, data, channels: 4 }, 3, 5);
    // Image.frombytes("RGB", ...).resize((5, 3), Image.BILINEAR) of Pillow 12.3
    const pillow = [
      109, 135, 110, 139, 110, 107, 109, 124, 148, 129, 154, 123, 120, 123, 129, 137, 108, 116, 114, 128, 147, 132, 151,
      126, 124, 129, 126, 131, 132, 103, 112, 139, 155, 136, 154, 123, 121, 129, 131, 134, 130, 101, 130, 105, 130,
    ];
    expect([...small.data]).toEqual(pillow.flatMap((value, i) => (i % 3 === 2 ? [value, 255] : [value])));
  });

  it("is checked, and so is its new size", () => {
    expect(() => shrink({ width: 2, height: 2, data: new Uint8Array(3) }, 1, 1)).toThrow(
      "2 x 2 needs 4 (grey), 12 (RGB) or 16 (RGBA) bytes, got 3",
    );
    expect(() => shrink({ width: 2, height: 2, data: new Uint8Array(12) }, 0, 1.5)).toThrow(
      "shrink: 1.5 x 0 is not a size from 1 x 1 to 536870912 pixels",
    );
  });

  it("gives the result of its small copy, brought back to its own size", async () => {
    const picture = stripedPicture(94, 62);
    const fcn = await loadHashed(device(), TORCHVISION, { resize: 31 });
    const small = shrink(toRgba(picture), 31, 47);
    const { y } = resizeReference({ x: await fcn.logits(small) }, bilinear(62, 94));
    expect(largestDifference((await fcn.logits(picture)).data, y?.data ?? [])).toBeLessThan(1e-4);
    const batch = await fcn.segmentBatch([small, picture, picture]);
    expect(batch.map(({ width, height, labels }) => [width, height, labels.length])).toEqual([
      [47, 31, 1457],
      [94, 62, 5828],
      [94, 62, 5828],
    ]);
    expect(batch[2]?.labels).toEqual((await fcn.segment(picture)).labels);
    fcn.dispose();
  });
});
