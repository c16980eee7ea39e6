/** Intervals by the bootstrap: against plain loops, deterministic, paired, and of the width that theory says. */
import { expect, it } from "vitest";
import { quantile } from "../src/base/statistics.js";
import {
  REPLICATES,
  draws,
  drawnIoUs,
  intervalOf,
  intervalOfDifference,
  isBeyondChance,
} from "../src/eval/bootstrap.js";
import { ConfusionMatrix } from "../src/eval/confusion.js";
import { seeded } from "./helpers/random.js";

const CLASSES = 3;

/** Pictures of 40 pixels, of which each network labels another share wrong. */
function pictures(count: number, wrong: number, seed = 7): number[][] {
  const random = seeded(seed);
  return Array.from({ length: count }, () => {
    const truth = Uint8Array.from({ length: 40 }, () => Math.floor(random() * CLASSES));
    const hard = random(); // a picture is hard for all networks
    const labels = truth.map((label) => (random() < wrong * (0.5 + hard) ? (label + 1) % (CLASSES + 1) : label));
    const matrix = new ConfusionMatrix(CLASSES);
    matrix.add(truth, labels);
    return matrix.toSparse();
  });
}

it("computes of each drawn set what a confusion matrix computes", () => {
  const matrices = pictures(9, 0.3);
  const { mean, byClass } = drawnIoUs(matrices, CLASSES);
  let replicate = 0;
  for (const times of draws(matrices.length)) {
    const whole = new ConfusionMatrix(CLASSES);
    times.forEach((count, i) => {
      for (let k = 0; k < count; k++) whole.addSparse(matrices[i] ?? []);
    });
    expect(mean[replicate]).toBeCloseTo(whole.meanIoU, 12);
    whole.perClassIoU.forEach((iou, c) => {
      expect(byClass[c]?.[replicate]).toBeCloseTo(iou, 12);
    });
    replicate++;
  }
  expect(replicate).toBe(REPLICATES);
});

it("leaves a class out of the sets whose truth lacks it", () => {
  // The only picture of class 2 is drawn in about two of three sets.
  const matrices = [...pictures(1, 0), [0, 5], [0, 5]];
  const lacking = [...(drawnIoUs(matrices, CLASSES).byClass[2] ?? [])].filter(Number.isNaN).length;
  expect(lacking / REPLICATES).toBeCloseTo((2 / 3) ** 3, 1);
  expect(intervalOf(drawnIoUs(matrices, CLASSES).byClass[2] ?? [])).toEqual({ low: 1, high: 1 });
});

it("has no interval where one picture counts, or none: the others' label maps are void", () => {
  for (const matrices of [[...pictures(1, 0.3), [], []], [[], []], pictures(1, 0.3), []]) {
    const { mean, byClass } = drawnIoUs(matrices, CLASSES);
    expect([mean, ...byClass].map(intervalOf)).toEqual([undefined, undefined, undefined, undefined]);
  }
});

it("draws the same sets each time", () => {
  expect(drawnIoUs(pictures(9, 0.3), CLASSES)).toEqual(drawnIoUs(pictures(9, 0.3), CLASSES));
});

it("has the width of a normal distribution's interval where the mean is one", () => {
  // Shares of right pixels of 400 pictures of one class: their mean has a standard error of its own.
  const random = seeded(3);
  const shares = Array.from({ length: 400 }, () => Math.round(1000 * random()));
  const matrices = shares.map((right) => [0, right, 1, 1000 - right].filter((_, i, all) => all[i - (i % 2) + 1]));
  const mean = shares.reduce((sum, share) => sum + share, 0) / 400 / 1000;
  const error = Math.sqrt(shares.reduce((sum, own) => sum + (own / 1000 - mean) ** 2, 0)) / 400;
  const { low, high } = intervalOf(drawnIoUs(matrices, 1).mean) ?? { low: NaN, high: NaN };
  expect((high - low) / (2 * 1.96 * error)).toBeGreaterThan(0.9);
  expect((high - low) / (2 * 1.96 * error)).toBeLessThan(1.1);
  expect((low + high) / 2).toBeCloseTo(mean, 2);
});

it("of a set of any length takes as many parts, and gives about the same interval as single pictures", () => {
  const own = intervalOf(drawnIoUs(pictures(999, 0.3), CLASSES).mean) ?? { low: NaN, high: NaN };
  const long = intervalOf(drawnIoUs(pictures(4 * 999, 0.3), CLASSES).mean) ?? { low: NaN, high: NaN };
  expect((own.high - own.low) / (long.high - long.low)).toBeCloseTo(2, 0); // a fourth of the variance
});

it("pairs the pictures of a difference: it is narrower than its parts, and zero between equals", () => {
  const [good, bad] = [drawnIoUs(pictures(60, 0.2), CLASSES).mean, drawnIoUs(pictures(60, 0.3), CLASSES).mean];
  const [own, paired] = [intervalOf(good), intervalOfDifference(good, bad)];
  expect((paired?.high ?? NaN) - (paired?.low ?? NaN)).toBeLessThan((own?.high ?? NaN) - (own?.low ?? NaN));
  expect(paired && isBeyondChance(paired)).toBe(true);
  const none = intervalOfDifference(good, good);
  expect(none).toEqual({ low: 0, high: 0 });
  expect(none && isBeyondChance(none)).toBe(false);
});

it("has no interval of fewer than two numbers", () => {
  expect(intervalOf([])).toBe(undefined);
  expect(intervalOf([NaN, 1])).toBe(undefined);
});

it("quantiles lie between the values", () => {
  expect([0, 0.25, 0.5, 1].map((share) => quantile([1, 2, 3, 5, 9], share))).toEqual([1, 2, 3, 9]);
  expect(quantile([1, 2], 0.25)).toBe(1.25);
  expect(quantile([], 0.5)).toBeNaN();
});
