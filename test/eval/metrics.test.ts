/** Confusion matrix and trimap against plain references, written from the definitions without code of src/. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FcnError } from "../../src/base/errors.js";
import { ConfusionMatrix, trimap } from "../../src/eval/index.js";
import type { ConfusionJson } from "../../src/eval/index.js";

/** The pixels of a picture, as pairs of truth and prediction. */
type Pixels = readonly (readonly [truth: number, prediction: number])[];

/** Metrics as the paper defines them: slow, one walk over the pixels for each class. */
function plainMetrics(pairs: Pixels, classes: number) {
  const known = pairs.filter(([t]) => t < classes);
  const all = Array.from({ length: classes }, (_, c) => {
    const truth = known.filter(([t]) => t === c).length;
    const right = known.filter(([t, p]) => t === c && p === c).length;
    const union = known.filter(([t, p]) => t === c || p === c).length;
    return { truth, accuracy: right / truth, iou: right / union };
  });
  const seen = all.filter(({ truth }) => truth > 0);
  const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  return {
    pixelAccuracy: known.filter(([t, p]) => t === p).length / known.length,
    meanAccuracy: mean(seen.map((c) => c.accuracy)),
    meanIoU: mean(seen.map((c) => c.iou)),
    frequencyWeightedIoU: known.length ? seen.reduce((sum, c) => sum + (c.truth * c.iou) / known.length, 0) : NaN,
    iou: all.map((c) => c.iou),
  };
}

const label = (classes: number): fc.Arbitrary<number> =>
  fc.oneof(fc.nat(classes - 1), fc.constantFrom(255, classes, 254));
const picture = (classes: number) =>
  fc.array(fc.tuple(label(classes), label(classes)), { minLength: 1, maxLength: 80 });
const sets = fc
  .integer({ min: 1, max: 21 })
  .chain((classes) => fc.tuple(fc.constant(classes), fc.array(picture(classes), { minLength: 1, maxLength: 6 })));

function matrixOf(pictures: readonly Pixels[], classes: number): ConfusionMatrix {
  const matrix = new ConfusionMatrix(classes);
  for (const pixels of pictures) {
    const truth = pixels.map(([t]) => t);
    const prediction = Uint8Array.from(pixels, ([, p]) => p);
    matrix.add(truth, prediction);
  }
  return matrix;
}

describe("ConfusionMatrix", () => {
  it("gives the metrics as they are defined", () => {
    fc.assert(
      fc.property(sets, ([classes, pictures]) => {
        const matrix = matrixOf(pictures, classes);
        const want = plainMetrics(pictures.flat(), classes);
        for (const key of ["pixelAccuracy", "meanAccuracy", "meanIoU", "frequencyWeightedIoU"] as const) {
          if (Number.isNaN(want[key])) expect(matrix[key], key).toBeNaN();
          else expect(matrix[key], key).toBeCloseTo(want[key], 12);
        }
        matrix.perClassIoU.forEach((iou, c) => expect(iou).toEqual(want.iou[c]));
      }),
    );
  });

  it("counts bytes as it counts other numbers", () => {
    fc.assert(
      fc.property(sets, ([classes, pictures]) => {
        const bytes = new ConfusionMatrix(classes);
        for (const pixels of pictures) {
          const truth = Uint8Array.from(pixels, ([t]) => t);
          const prediction = Uint8Array.from(pixels, ([, p]) => p);
          bytes.add(truth, prediction);
        }
        expect([...bytes.counts]).toEqual([...matrixOf(pictures, classes).counts]);
      }),
    );
  });

  it("does not depend on how a set is split, nor on going through JSON or sparse counts", () => {
    fc.assert(
      fc.property(sets, fc.nat(), ([classes, pictures], seed) => {
        const all = matrixOf(pictures, classes);
        const parts = [2, 1, 0].map((k) => {
          const own = pictures.filter((_, i) => (i * 7 + seed) % 3 === k);
          return matrixOf(own, classes);
        });
        const merged = new ConfusionMatrix(classes);
        const summed = new ConfusionMatrix(classes);
        for (const part of parts) {
          merged.merge(ConfusionMatrix.fromJSON(JSON.parse(JSON.stringify(part)) as ConfusionJson));
          summed.addSparse(JSON.parse(JSON.stringify(part.toSparse())) as number[]);
        }
        expect(merged.counts).toEqual(all.counts);
        expect(summed.counts).toEqual(all.counts);
      }),
    );
  });

  it("drops void, counts a stray prediction as wrong, and leaves classes that do not occur out of the means", () => {
    const matrix = new ConfusionMatrix(3);
    matrix.add([0, 0, 1, 1, 255, 7], [0, 1, 1, 9, 0, 1]);
    expect([matrix.total, matrix.pixelAccuracy, matrix.meanAccuracy]).toEqual([4, 0.5, 0.5]);
    expect(matrix.perClassIoU).toEqual([0.5, 1 / 3, NaN]);
    expect(matrix.meanIoU).toBeCloseTo(5 / 12, 15);
  });

  it("refuses what does not fit", () => {
    expect(() => new ConfusionMatrix(0)).toThrow("1 to 256 classes, got 0");
    expect(() => new ConfusionMatrix(2).add([0], [0, 1])).toThrow("1 true labels, 2 predicted");
    expect(() => new ConfusionMatrix(2).merge(new ConfusionMatrix(3))).toThrow("2 classes cannot be merged with 3");
    expect(() => new ConfusionMatrix(2).addSparse([6, 1])).toThrow("2 classes have 6 counts, got 1 at 6");
    expect(() => new ConfusionMatrix(2).addSparse([1, -1])).toThrow("got -1 at 1");
  });
});

/** The band from the definition: for each pixel, is there a border pixel in the square around it? */
function plainTrimap(truth: readonly number[], columns: number, rows: number, width: number): number[] {
  const at = (x: number, y: number): number | undefined =>
    x >= 0 && y >= 0 && x < columns && y < rows ? truth[y * columns + x] : undefined;
  const isBorder = (x: number, y: number): boolean => {
    const own = at(x, y);
    const others = [at(x - 1, y), at(x + 1, y), at(x, y - 1), at(x, y + 1)];
    return own !== undefined && others.some((other) => other !== undefined && other !== own);
  };
  return truth.map((label, i) => {
    const [x, y] = [i % columns, Math.floor(i / columns)];
    for (let dy = 1 - width; dy < width; dy++) {
      for (let dx = 1 - width; dx < width; dx++) {
        if (isBorder(x + dx, y + dy)) return label;
      }
    }
    return 255;
  });
}

describe("trimap", () => {
  it("is the band of the definition, for any map and width", () => {
    const maps = fc.tuple(fc.integer({ min: 1, max: 13 }), fc.integer({ min: 1, max: 11 })).chain(([columns, rows]) =>
      fc.record({
        columns: fc.constant(columns),
        rows: fc.constant(rows),
        width: fc.integer({ min: 1, max: 6 }),
        // Mostly one label, so that there are bands and not only borders.
        truth: fc.array(
          fc.oneof({ weight: 12, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constantFrom(3, 255) }),
          { minLength: columns * rows, maxLength: columns * rows },
        ),
      }),
    );
    fc.assert(
      fc.property(maps, ({ truth, columns, rows, width }) => {
        expect([...trimap(truth, columns, rows, width)]).toEqual(plainTrimap(truth, columns, rows, width));
      }),
      { numRuns: 400 },
    );
  });

  it("of a picture with one label is empty", () => {
    expect(new Set(trimap(new Uint8Array(35).fill(4), 7, 5, 3))).toEqual(new Set([255]));
  });

  it("refuses what does not fit", () => {
    expect(() => trimap([1, 2], 3, 1)).toThrow("trimap: 3 x 1 needs 3 labels, got 2");
    expect(() => trimap([1, 2], 2, 1, 0)).toThrow("whole number of 1 or more, got 0");
  });
});

describe("wrong arguments", () => {
  const matrix = (): ConfusionMatrix => new ConfusionMatrix(3);

  it("of matrices are one sentence", async () => {
    const wrong: readonly (readonly [() => unknown, string])[] = [
      [() => matrix().add(null as never, []), "confusion.add: labels and counts are arrays of numbers, got null"],
      [
        () => matrix().add([], undefined as never),
        "confusion.add: labels and counts are arrays of numbers, got undefined",
      ],
      [() => matrix().merge(null as never), "confusion.merge: give a ConfusionMatrix, got null"],
      [
        () => matrix().addSparse(5 as never),
        "confusion.addSparse: labels and counts are arrays of numbers, got number",
      ],
      [
        () => ConfusionMatrix.fromJSON(null as never),
        "confusion.fromJSON: give what toJSON() gave, { classes, counts: an array of numbers }",
      ],
      [
        () => ConfusionMatrix.fromJSON({ classes: 1, counts: [1, NaN] }),
        "confusion: 1 class: 2 whole counts needed, count 1 is NaN",
      ],
      [() => ConfusionMatrix.fromJSON({ classes: 1, counts: [1] }), "confusion: 1 class: 2 whole counts needed, got 1"],
      [() => trimap(null as never, 1, 1), "trimap: labels are an array of numbers, got null"],
      [() => trimap([1, 2, 3, 4], -2, -2), "trimap: -2 x -2 is no size of a picture"],
    ];
    for (const [call, sentence] of wrong) expect(call).toThrow(new FcnError("bad-shape", sentence));
  });

  it("of at() read no other cell", () => {
    const counted = matrix();
    counted.add([0, 1, 2], [0, 1, 255]);
    expect([counted.at(1, 1), counted.at(2, 3), counted.at(2, 255), counted.at(0, 5), counted.at(0.5, 0)]).toEqual([
      1, 1, 0, 0, 0,
    ]);
  });
});
