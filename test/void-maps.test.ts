/** A comparison whose label maps are void, all of them or all but one: no gain and no interval is made up. */
import { describe, expect, it } from "vitest";
import { allPlots } from "../src/eval/plots.js";
import type { PictureRecord } from "../src/eval/records.js";
import { reportHtml } from "../src/eval/report-html.js";
import { summarise } from "../src/eval/summary.js";
import { HEADER, pictureRecord } from "./helpers/records.js";

/** Of 100 pixels, with this sparse confusion matrix for each network. */
const pictureWith = (picture: string, matrices: readonly (readonly number[])[]): PictureRecord => ({
  ...pictureRecord(picture),
  ...{ width: 10, height: 10 },
  agreement: { "fcn32s fcn16s": 90, "fcn32s fcn8s": 80, "fcn16s fcn8s": 95 },
  scores: Object.fromEntries(
    HEADER.variants.map((variant, i) => {
      const own = [...(matrices[i] ?? [])];
      return [variant, { confusion: own, boundary: own }];
    }),
  ),
});

const isVoid = (picture: string): PictureRecord => pictureWith(picture, []);
const counted = pictureWith("c.png", [
  [0, 60, 1, 40],
  [0, 70, 1, 30],
  [0, 80, 1, 20],
]);

describe("label maps of which no pixel counts", () => {
  const records = [isVoid("a.png"), isVoid("b.png")];
  const summary = summarise(HEADER, records);

  it("say nothing of a gain: the answer is how far the networks agree", () => {
    expect(summary.answer.sentence).toBe(
      "FCN-8s over FCN-32s: the same label on 80.0 % of pixels; their time was not measured.",
    );
    expect(summary.answer).not.toHaveProperty("meanIoU");
    expect(summarise({ ...HEADER, variants: ["fcn32s"] }, records).answer.sentence).toBe(
      "FCN-32s labelled 2 pictures.",
    );
  });

  it("leave no percentage without a number, and no plot without a class", () => {
    const html = reportHtml(summary, []);
    expect(html.replace(/<[^>]*>/g, " ")).not.toMatch(/(^|\s)- *%/);
    expect(html).not.toContain('"NaN"');
    expect(allPlots(summary)).toEqual([]);
  });
});

it("one picture that counts beside two that are void has no interval", () => {
  const { answer, variants } = summarise(HEADER, [isVoid("a.png"), isVoid("b.png"), counted]);
  expect(answer.sentence).toContain("+20.0 mIoU (one picture has no interval)");
  expect(variants.flatMap(({ drawn }) => drawn?.perClassIoU.filter(Boolean))).toEqual([]);
});
