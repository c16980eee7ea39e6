/** Positions of resized maps are integers of 32 bits: sizes beyond that are refused with the numbers. */
import { describe, expect, it } from "vitest";
import { normalize, resize, resizeArgmax } from "../shaders/index.js";
import { defaultVariant } from "../src/kernel/choice.js";
import { erase, makeProblem } from "../src/kernel/kernel.js";
import type { DeviceTraits } from "../src/kernel/variant.js";
import { expectError } from "./helpers/expect-error.js";

const LONG = 40_000;
const SIZE = { height: 1, width: 30_000 };
const REFUSED = "to 30000 columns: 40000 * 30000 = 1200000000 needs to be below 1073741824";
const picture = (width: number) => ({ image: [1, 4, 1, width], mean: [3], std: [3] });
const map = { x: [1, 4, 1, LONG] };

describe("sizes whose product is too large", () => {
  it.each([
    ["normalize: image [1,4,1,40000]", erase(normalize), picture(LONG)],
    ["resize: x [1,4,1,40000]", erase(resize), map],
    ["resize-argmax: x [1,4,1,40000]", erase(resizeArgmax), map],
  ])("are refused: %s", async (start, kernel, shapes) => {
    await expectError(() => makeProblem(kernel, shapes, SIZE), "bad-shape", `${start} ${REFUSED}`);
  });

  it("are refused: a stride whose positions are larger", async () => {
    const product = "1 * 1073741824 = 1073741824 needs to be below 1073741824";
    const sentence = `resize-argmax: x [1,3,1,1] to 1073741824 rows: ${product}`;
    const attrs = { height: 2, width: 3, stride: 2 ** 30 };
    await expectError(() => makeProblem(erase(resizeArgmax), { x: [1, 3, 1, 1] }, attrs), "bad-shape", sentence);
  });

  it("do not matter to a picture that keeps its size", () => {
    expect(makeProblem(erase(normalize), picture(LONG), {}).out["y"]).toEqual([1, 3, 1, LONG]);
  });
});

it("labels of more rows than the division by floats finds are left to the variants of GPUs", () => {
  const software: DeviceTraits = {
    features: new Set(),
    limits: {},
    vendor: "mesa",
    architecture: "",
    subgroupSize: 8,
    software: true,
    cores: 1,
  };
  const variantAt = (height: number) =>
    defaultVariant(
      erase(resizeArgmax),
      makeProblem(erase(resizeArgmax), { x: [1, 2, 8, 1] }, { height, width: 1 }),
      software,
    );
  expect([variantAt(2 ** 22 - 1), variantAt(2 ** 22)]).toEqual(["texture", "corners"]);
});
