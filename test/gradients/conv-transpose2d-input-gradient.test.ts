import { describe, expect, it } from "vitest";
import { convTranspose2dInputGradient } from "../../shaders/conv-transpose2d-input-gradient/kernel.js";
import { convTranspose2dReference } from "../../shaders/conv-transpose2d/reference.js";
import { erase, makeProblem } from "../../src/kernel/kernel.js";
import type { Pair } from "../../src/kernel/problem.js";
import { elements } from "../../src/kernel/shape.js";
import { useDevice } from "../helpers/device.js";
import { expectError } from "../helpers/expect-error.js";
import { numericGradient, relativeError } from "../helpers/finite-differences.js";
import { seeded } from "../helpers/random.js";
import { firstOutputs } from "../helpers/first-outputs.js";

const device = useDevice();
const kernel = erase(convTranspose2dInputGradient);

interface Case {
  readonly name: string;
  readonly x: readonly number[];
  readonly weight: readonly number[];
  readonly stride: Pair;
  readonly padding: Pair;
  readonly groups?: number;
  readonly crop?: Pair;
  readonly crop_offset?: Pair;
}

const CASES: readonly Case[] = [
  { name: "dense 4x4 s2, cropped", x: [2, 5, 3, 4], weight: [5, 6, 4, 4], stride: 2, padding: 1, crop: [5, 7] },
  { name: "dense 3x3 s2", x: [1, 21, 2, 3], weight: [21, 3, 3, 3], stride: 2, padding: 1 },
  {
    name: "per channel 8x8 s4, cropped from an offset",
    x: [2, 5, 3, 2],
    weight: [5, 1, 8, 8],
    stride: 4,
    padding: 2,
    groups: 5,
    crop: [7, 5],
    crop_offset: [2, 1],
  },
  { name: "per channel 5x3 s3x2", x: [1, 4, 3, 3], weight: [4, 1, 5, 3], stride: [3, 2], padding: [2, 1], groups: 4 },
];

describe("conv-transpose2d-input-gradient agrees with finite differences", () => {
  it.each(CASES)("of $name", async ({ x, weight, stride, padding, groups = 1, crop = 0, crop_offset = 0 }) => {
    const random = seeded(x.length + elements(weight));
    const fill = (shape: readonly number[]): Float32Array =>
      Float32Array.from({ length: elements(shape) }, () => random() * 2 - 1);
    const attrs = { stride, padding, groups, crop_offset };
    const w = { shape: weight, data: fill(weight) };
    const forward = (data: ArrayLike<number>) =>
      convTranspose2dReference({ x: { shape: x, data }, weight: w }, { ...attrs, crop, dilation: 1, output_padding: 0 })
        .y;
    const values = fill(x);
    const shape = forward(values)?.shape as readonly number[];
    const dy = { shape, data: fill(shape) };
    const want = numericGradient((data) => forward(data)?.data as Float64Array, values, dy.data);
    const call = { inputs: { dy, weight: w }, attrs: { ...attrs, height: x[2] as number, width: x[3] as number } };
    const results = await firstOutputs(device(), kernel, call);
    expect(results.size).toBeGreaterThan(0);
    for (const [name, dx] of results) expect(relativeError(dx, want), name).toBeLessThan(1e-4);
  });
});

describe("conv-transpose2d-input-gradient refuses", () => {
  const shapes = { dy: [1, 6, 8, 10], weight: [5, 6, 4, 4] };
  const attrs = { stride: 2, padding: 1, height: 4, width: 5 };
  const refused = (given: object, changed: object, message: RegExp): Promise<void> =>
    expectError(() => makeProblem(kernel, { ...shapes, ...given }, { ...attrs, ...changed }), "bad-shape", message);

  it("sizes of x that do not give dy", async () => {
    expect(makeProblem(kernel, shapes, attrs).out).toEqual({ dx: [1, 5, 4, 5] });
    await refused({}, { height: 3 }, /3 rows of x give at most 7, dy \[1,6,8,10\] has 8 from crop_offset 0 on/);
    await refused({}, { crop_offset: [0, 2] }, /5 columns of x give at most 11, dy \[1,6,8,10\] has 10 from crop/);
    await refused({}, { width: 0 }, /height 4 and width 0 need to be positive/);
  });

  it("operands of other sizes", async () => {
    await refused({ dy: [1, 7, 8, 10] }, {}, /weight \[5,6,4,4\] needs 6 channels of dy \[1,7,8,10\]/);
    await refused({}, { groups: 2 }, /groups 2 must divide the 5 input channels/);
    await refused({ weight: [5, 6] }, {}, /weight \[5,6\] needs 4 dimensions/);
  });
});
