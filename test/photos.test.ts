/** FCNs over MobileNetV2 with the weights that know photographs: logits and label maps against PyTorch in float64. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decodeLabelPng, decodePng } from "../src/image/png.js";
import type { Picture } from "../src/image/picture.js";
import { FCN_VARIANTS, loadFcn } from "../src/node.js";
import type { Fcn, FcnVariant, NodeLoadOptions, NodePicture } from "../src/node.js";
import { useDevice } from "./helpers/device.js";
import { agreement, fixture, float32File, largestDifference } from "./helpers/reference-maps.js";

interface PhotosReport {
  readonly classes: readonly string[];
  /** By the shorter side of the pictures, "0" for their own size, and by the network's stride. */
  readonly val: Readonly<Record<string, Readonly<Record<8 | 16 | 32, { mIoU: number; iou: readonly number[] }>>>>;
}

const WEIGHTS = "weights/fcn-mobilenet-v2-photos-f16.safetensors";
const PHOTOGRAPHS = ["astronaut", "chelsea", "coffee"];
const device = useDevice();

const manifest = JSON.parse(readFileSync("test/fixtures/photos/manifest.json", "utf8")) as Record<
  string,
  { readonly absmax: number }
>;
const photograph = (name: string): Picture => decodePng(fixture(`samples/photographs/${name}.png`), name);
const reference = (name: string, variant: string): Uint8Array =>
  decodeLabelPng(fixture(`test/fixtures/photos/${name}.${variant}.png`), name).labels;

/** Part of a picture. */
function cut({ width, data }: Picture, left: number, top: number, w: number, h: number): Picture {
  const rows = Array.from({ length: h }, (_, y) => data.subarray(((top + y) * width + left) * 4).subarray(0, w * 4));
  return { width: w, height: h, data: Uint8Array.from(rows.flatMap((row) => [...row])) };
}

const load = (variant: FcnVariant, options: NodeLoadOptions = {}): Promise<Fcn<NodePicture>> =>
  loadFcn({ weights: WEIGHTS, variant, device: device(), resize: "none", ...options });

describe.each(FCN_VARIANTS)("%s over MobileNetV2", (variant) => {
  it("gives logits within 1e-5 of the largest, at sizes that no stride divides", async () => {
    const fcn = await load(variant);
    const { data, shape } = await fcn.logits(cut(photograph("chelsea"), 150, 60, 97, 65));
    expect(shape).toEqual([1, 21, 65, 97]);
    const name = `crop.${variant}`;
    const largest = manifest[name]?.absmax ?? NaN;
    const difference = largestDifference(data, float32File(`test/fixtures/photos/${name}.logits.f32`)) / largest;
    console.log(`${variant}: ${difference.toExponential(2)} of the largest logit`);
    expect(difference).toBeLessThan(1e-5);
    fcn.dispose();
  });

  it("gives PyTorch's label maps, alone, in batches and from logits", async () => {
    const fcn = await load(variant);
    for (const name of PHOTOGRAPHS) {
      const picture = photograph(name);
      const expected = reference(name, variant);
      const { labels } = await fcn.segment(picture);
      const shared = agreement(labels, expected);
      console.log(`${variant} ${name}: ${((1 - shared) * 1e6).toFixed(0)} of a million labels differ`);
      expect(shared).toBeGreaterThanOrEqual(0.9995);
      for (const batched of await fcn.segmentBatch([picture, picture, picture]))
        expect(agreement(batched.labels, labels)).toBe(1);
    }
    const small = cut(photograph("coffee"), 100, 50, 131, 77);
    const { data } = await fcn.logits(small);
    const plane = 131 * 77;
    const best = Uint8Array.from({ length: plane }, (_, i) => {
      let label = 0;
      for (let c = 1; c < 21; c++) if ((data[c * plane + i] as number) > (data[label * plane + i] as number)) label = c;
      return label;
    });
    expect(agreement((await fcn.segment(small)).labels, best)).toBeGreaterThanOrEqual(0.9995);
    fcn.dispose();
  });

  it("gives 99 % of the labels with activations stored as f16", async () => {
    const fcn = await load(variant, { precision: "f16" });
    for (const name of PHOTOGRAPHS) {
      const shared = agreement((await fcn.segment(photograph(name))).labels, reference(name, variant));
      console.log(`${variant} ${name} in f16: ${(shared * 100).toFixed(3)} %`);
      expect(shared).toBeGreaterThanOrEqual(0.99);
    }
    fcn.dispose();
  });
});

describe("the checkpoint", () => {
  it("says how it was trained: a shorter side of 384 pixels", async () => {
    const fcn = await loadFcn({ weights: WEIGHTS, device: device() });
    expect(fcn.resize).toBe(384);
    expect(fcn.description).toBe("fcn-webgpu MobileNetV2: heads fcn8s, fcn16s, fcn32s, 21 classes");
    const { labels, names } = await fcn.segment(photograph("chelsea"));
    expect(labels).toHaveLength(451 * 300);
    expect(names).toContain("cat");
    fcn.dispose();
  });

  it.each([
    [1, 1],
    [1, 70],
    [33, 32],
    [64, 65],
    [31, 97],
  ])("gives labels of the picture's size: %i x %i", async (width, height) => {
    const fcn = await load("fcn8s");
    const picture = { width, height, data: new Uint8Array(width * height * 4).fill(90) };
    expect((await fcn.segment(picture)).labels).toHaveLength(width * height);
    expect((await fcn.logits(picture)).shape).toEqual([1, 21, height, width]);
    fcn.dispose();
  });
});

describe("the figures in the guides", () => {
  const report = JSON.parse(readFileSync("weights/photos-report.json", "utf8")) as PhotosReport;
  const text = (file: string): string => readFileSync(file, "utf8").replace(/\s+/g, " ");
  const shown = (size: string): [string, string, string] => {
    const { 32: coarse, 16: middle, 8: fine } = report.val[size] as PhotosReport["val"][string];
    return [coarse.mIoU.toFixed(3), middle.mIoU.toFixed(3), fine.mIoU.toFixed(3)];
  };

  it("are the mean IoUs of the report, rounded once", () => {
    const [coarse, middle, fine] = shown("384");
    expect(text("README.md")).toContain(`${coarse} (FCN-32s), ${middle} (FCN-16s) and ${fine} (FCN-8s)`);
    const card = text("weights/README.md");
    expect(card).toContain(`FCN-32s ${coarse}, FCN-16s ${middle}, FCN-8s ${fine}`);
    expect(card).toContain(`375): ${shown("0").join(", ")}.`);
    for (const size of ["384", "0"]) expect(text("docs/which-variant.md")).toContain(`| ${shown(size).join(" | ")} |`);
    expect(text("CHANGELOG.md")).toContain(`mean IoU ${coarse} to ${fine}`);
  });

  it("are the IoU of each class", () => {
    const rows = [...readFileSync("weights/README.md", "utf8").matchAll(/^\| (\w+) +\|((?: 0\.\d+ +\|){3})$/gm)];
    expect(rows.map(([, name]) => name)).toEqual(report.classes);
    const { 32: coarse, 16: middle, 8: fine } = report.val["384"] as PhotosReport["val"][string];
    for (const [label, [, name, figures = ""]] of rows.entries()) {
      const ious = figures.split("|").slice(0, 3).map(Number);
      for (const [i, { iou }] of [coarse, middle, fine].entries())
        expect(Math.abs((ious[i] ?? NaN) - (iou[label] ?? NaN)), name).toBeLessThan(0.00051);
    }
  });
});
