/** Metrics of PyTorch's label maps against those of PyTorch's own script (report.json). No network runs. */
import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ConfusionMatrix, trimap } from "../../src/eval/index.js";
import { decodeLabelPng } from "../../src/image/png.js";

const folder = new URL("../fixtures/val/", import.meta.url);
const read = (file: string) => decodeLabelPng(readFileSync(new URL(file, folder)), file);
const pictures = readdirSync(folder)
  .filter((f) => /^\d+\.png$/.test(f))
  .map((f) => f.replace(".png", ""));
const report = JSON.parse(readFileSync(new URL("report.json", folder), "utf8")) as Record<
  string,
  { pixAcc: number; meanAcc: number; mIoU: number; iou: number[] }
>;

function metricsOf(variant: string, band?: number): ConfusionMatrix {
  const matrix = new ConfusionMatrix(21);
  for (const name of pictures) {
    const { labels, width, height } = read(`${name}.label.png`);
    matrix.add(
      band === undefined ? labels : trimap(labels, width, height, band),
      read(`${name}.${variant}.png`).labels,
    );
  }
  return matrix;
}

describe("the 16 pictures of fixtures/val", () => {
  it.each(["fcn32s", "fcn16s", "fcn8s"])("%s has PyTorch's figures to 1e-6", (variant) => {
    const matrix = metricsOf(variant);
    const want = report[variant];
    expect(pictures).toHaveLength(16);
    for (const [got, expected] of [
      [matrix.pixelAccuracy, want?.pixAcc],
      [matrix.meanAccuracy, want?.meanAcc],
      [matrix.meanIoU, want?.mIoU],
    ] as const) {
      expect(Math.abs(got - (expected ?? NaN))).toBeLessThan(1e-6);
    }
    // The report rounds to 4 places, and has 0 where a class is in neither truth nor prediction.
    matrix.perClassIoU.forEach((iou, c) =>
      expect(Math.abs((Number.isNaN(iou) ? 0 : iou) - (want?.iou[c] ?? NaN)), `class ${c}`).toBeLessThan(0.5001e-4),
    );
  });

  it("mean IoU is over the classes of the truth: a car predicted where no picture has one does not lower it", () => {
    const [bus, car] = [6, 7]; // no picture has either
    const matrix = metricsOf("fcn8s");
    expect([matrix.perClassIoU[bus], matrix.perClassIoU[car]]).toEqual([NaN, 0]);
    const inTruth = matrix.perClassIoU.filter((_, c) => c !== bus && c !== car);
    expect(matrix.meanIoU).toBeCloseTo(inTruth.reduce((a, b) => a + b, 0) / 19, 12);
  });

  it("near borders every variant is worse, and the order 32s < 16s < 8s is the same", () => {
    const meanIoUs = (band?: number): number[] =>
      ["fcn32s", "fcn16s", "fcn8s"].map((variant) => metricsOf(variant, band).meanIoU);
    const everywhere = meanIoUs();
    const nearBorders = meanIoUs(3);
    nearBorders.forEach((iou, i) => expect(iou).toBeLessThan(everywhere[i] ?? 0));
    expect(nearBorders).toEqual([...nearBorders].sort((a, b) => a - b));
  });

  it("labels that are negative, fractions or NaN are void in the truth and wrong in a prediction", () => {
    const matrix = new ConfusionMatrix(3);
    matrix.add(Int32Array.of(-1, -200, 2), [0, 1, 2]);
    matrix.add([NaN, 1.5, Infinity], [0, 0, 0]);
    expect([matrix.total, matrix.at(2, 2)]).toEqual([1, 1]);
    matrix.add([0, 1, 2, 1], Float32Array.of(-1, NaN, 1.5, 1e12));
    expect([matrix.total, matrix.at(0, 0) + matrix.at(1, 1) + matrix.at(2, 2)]).toEqual([5, 1]);
    for (let t = 0; t < 3; t++) {
      for (let p = 0; p < 3; p++) expect(matrix.at(t, p), "no other count moves").toBe(t === 2 && p === 2 ? 1 : 0);
    }
    expect(matrix.pixelAccuracy).toBe(0.2);
  });
});
