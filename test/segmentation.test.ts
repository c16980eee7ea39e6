/** segmentationOf() counts a label map by runs of four labels; this test counts it pixel by pixel. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { segmentationOf } from "../src/models/segmentation.js";

it("gives the classes that occur, their names and their pixels", () => {
  const label = fc.constantFrom(0, 1, 2, 20, 255);
  fc.assert(
    fc.property(fc.array(label, { minLength: 1, maxLength: 60 }), fc.nat(3), (values, offset) => {
      const pixels: Record<number, number> = {};
      for (const value of values) pixels[value] = (pixels[value] ?? 0) + 1;
      const classes = [...new Set(values)].sort((a, b) => a - b);
      const names = classes.map((c) => ["background", "cat"][c] ?? `class ${c}`);
      const labels = Uint8Array.from([...Array<number>(4 * offset).fill(7), ...values]).subarray(4 * offset);
      const width = values.length;
      const made = segmentationOf({ width, height: 1, labels }, ["background", "cat"]);
      expect(made).toMatchObject({ width, height: 1, classes, names, pixels });
    }),
  );
});
