/** The shipped checkpoint against PyTorch, for each variant: label maps of 20 pictures, mean IoU, logits. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConfusionMatrix } from "../src/eval/confusion.js";
import { FCN_VARIANTS, loadFcn } from "../src/node.js";
import type { Fcn, NodePicture, Picture } from "../src/node.js";
import { useDevice } from "./helpers/device.js";
import { agreement, fixture, float32File, largestDifference, referencePictures } from "./helpers/reference-maps.js";

const device = useDevice();
const samples = referencePictures("samples");
const val = referencePictures("test/fixtures/val");
const report = JSON.parse(fixture("test/fixtures/val/report.json").toString()) as Record<
  string,
  { mIoU: number; pixAcc: number; meanAcc: number }
>;

/** The picture with its columns in reverse order. */
function mirror(picture: Picture): Picture {
  const { width, height, data } = picture;
  const channels = data.length / (width * height);
  const mirrored = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * channels;
      const to = (y * width + (width - 1 - x)) * channels;
      mirrored.set(data.subarray(from, from + channels), to);
    }
  }
  return { ...picture, data: mirrored };
}

it("has all 20 pictures", () => {
  expect([samples.length, val.length]).toEqual([4, 16]);
});

describe.each(FCN_VARIANTS)("%s", (variant) => {
  let fcn: Fcn<NodePicture>;
  beforeAll(async () => {
    fcn = await loadFcn({ weights: "icons", variant, device: device() });
  });
  afterAll(() => fcn.dispose());

  it.each(samples)("agrees with PyTorch on >= 99.9 % of $name", async ({ picture, torch }) => {
    const { labels, classes, names, pixels } = await fcn.segment(picture);
    expect(agreement(labels, torch(variant))).toBeGreaterThanOrEqual(0.999);
    expect(classes).toEqual([...new Set(labels)].sort((a, b) => a - b));
    expect(names).toHaveLength(classes.length);
    expect(Object.values(pixels).reduce((a, b) => a + b, 0)).toBe(labels.length);
  });

  it("agrees with PyTorch on all of val, and has the scores of the training report", async () => {
    const matrix = new ConfusionMatrix(21);
    for (const { name, picture, torch, truth } of val) {
      const { labels } = await fcn.segment(picture);
      expect(agreement(labels, torch(variant)), name).toBeGreaterThanOrEqual(0.999);
      matrix.add(truth, labels);
    }
    expect(Math.abs(matrix.meanIoU - (report[variant]?.mIoU ?? NaN))).toBeLessThan(0.001);
    expect(Math.abs(matrix.pixelAccuracy - (report[variant]?.pixAcc ?? NaN))).toBeLessThan(0.001);
    expect(Math.abs(matrix.meanAccuracy - (report[variant]?.meanAcc ?? NaN))).toBeLessThan(0.001);
  });

  it("gives val/15's logits within 2e-3 of PyTorch's, and probabilities that sum to one", async () => {
    const picture = val[15]?.picture;
    if (!picture) throw new Error("no picture 15");
    const { data, shape } = await fcn.logits(picture);
    expect(shape).toEqual([1, 21, picture.height, picture.width]);
    expect(largestDifference(data, float32File(`test/fixtures/val/15.${variant}.logits.f32`))).toBeLessThan(2e-3);
    const { data: p } = await fcn.probabilities(picture);
    const plane = picture.height * picture.width;
    for (let i = 0; i < plane; i += 97) {
      let sum = 0;
      for (let c = 0; c < 21; c++) sum += p[c * plane + i] as number;
      expect(sum).toBeCloseTo(1, 5);
    }
  });

  it("gives the same labels in a batch as one by one, in order", async () => {
    const [a, b, c] = [val[15]?.picture, samples[0]?.picture, val[15]?.picture];
    if (!a || !b || !c) throw new Error("pictures missing");
    const mirrored = mirror(c);
    const batch = await fcn.segmentBatch([a, b, mirrored]);
    for (const [i, picture] of [a, b, mirrored].entries())
      expect(batch[i]?.labels).toEqual((await fcn.segment(picture)).labels);
  });

  it.each([
    [1, 1],
    [1, 37],
    [33, 2],
    [31, 65],
  ])("segments a picture of %i x %i", async (height, width) => {
    const data = new Uint8Array(height * width * 4).map((_, i) => (i * 73) % 256);
    const { labels } = await fcn.segment({ width, height, data });
    expect(labels).toHaveLength(width * height);
    const { data: logits } = await fcn.logits({ width, height, data });
    expect(logits.every(Number.isFinite)).toBe(true);
  });
});
