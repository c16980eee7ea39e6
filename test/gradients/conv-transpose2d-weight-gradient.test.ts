import { describe, expect, it } from "vitest";
import { convTranspose2dWeightGradient } from "../../shaders/conv-transpose2d-weight-gradient/kernel.js";
import { convTranspose2dReference } from "../../shaders/conv-transpose2d/reference.js";
import { erase, makeProblem } from "../../src/kernel/kernel.js";
import type { Pair } from "../../src/kernel/problem.js";
import { elements } from "../../src/kernel/shape.js";
import { useDevice } from "../helpers/device.js";
import { expectError } from "../helpers/expect-error.js";
import { numericGradient, relativeError } from "../helpers/finite-differences.js";
import { seeded } from "../helpers/random.js";
import { firstOutputs, sumParts } from "../helpers/first-outputs.js";

const device = useDevice();
const kernel = erase(convTranspose2dWeightGradient);

interface Case {
  readonly name: string;
  readonly x: readonly number[];
  readonly weight: readonly number[];
  readonly stride: Pair;
  readonly padding: Pair;
  readonly groups?: number;
  readonly crop?: Pair;
  readonly crop_offset?: Pair;
  readonly splits: number;
}

const CASES: readonly Case[] = [
  { name: "dense 4x4 s2", x: [2, 5, 3, 4], weight: [5, 6, 4, 4], stride: 2, padding: 1, crop: [5, 7], splits: 3 },
  { name: "dense 3x3 s2", x: [1, 17, 2, 3], weight: [17, 3, 3, 3], stride: 2, padding: 1, splits: 1 },
  {
    name: "per channel 4x4 s2, cropped from an offset",
    x: [2, 5, 3, 2],
    weight: [5, 1, 4, 4],
    stride: 2,
    padding: 0,
    groups: 5,
    crop: [5, 4],
    crop_offset: [2, 1],
    splits: 2,
  },
];

describe("conv-transpose2d-weight-gradient agrees with finite differences", () => {
  it.each(CASES)("of $name", async ({ x, weight, stride, padding, groups = 1, crop = 0, crop_offset = 0, splits }) => {
    const random = seeded(x.length + elements(weight));
    const fill = (shape: readonly number[]): Float32Array =>
      Float32Array.from({ length: elements(shape) }, () => random() * 2 - 1);
    const attrs = { stride, padding, groups, crop_offset };
    const input = { shape: x, data: fill(x) };
    const forward = (data: ArrayLike<number>) =>
      convTranspose2dReference(
        { x: input, weight: { shape: weight, data } },
        { ...attrs, crop, dilation: 1, output_padding: 0 },
      ).y;
    const values = fill(weight);
    const shape = forward(values)?.shape as readonly number[];
    const dy = { shape, data: fill(shape) };
    const want = numericGradient((data) => forward(data)?.data as Float64Array, values, dy.data);
    const kernelSize = [weight[2] as number, weight[3] as number] as const;
    const call = { inputs: { x: input, dy }, attrs: { ...attrs, kernel: kernelSize, splits } };
    const results = await firstOutputs(device(), kernel, call);
    expect(results.size).toBeGreaterThan(0);
    for (const [name, parts] of results) {
      expect(relativeError(sumParts(parts, splits), want), name).toBeLessThan(1e-4);
    }
  });
});

describe("conv-transpose2d-weight-gradient refuses", () => {
  const shapes = { x: [1, 6, 4, 5], dy: [1, 9, 8, 10] };
  const attrs = { kernel: 4, stride: 2, padding: 1 };
  const refused = (given: object, changed: object, message: RegExp): Promise<void> =>
    expectError(() => makeProblem(kernel, { ...shapes, ...given }, { ...attrs, ...changed }), "bad-shape", message);

  it("maps that do not fit together", async () => {
    expect(makeProblem(kernel, shapes, { ...attrs, splits: 2, groups: 3 }).out).toEqual({ parts: [12, 3, 4, 4] });
    await refused({ dy: [2, 9, 8, 10] }, {}, /dy \[2,9,8,10\] needs the batch of x \[1,6,4,5\]/);
    await refused({ dy: [1, 9, 10, 10] }, {}, /4 rows of x give at most 9, dy \[1,9,10,10\] has 10/);
    await refused({}, { groups: 2 }, /groups 2 must divide the channels of x \[1,6,4,5\] and of dy \[1,9,8,10\]/);
  });

  it("sizes that are no whole numbers", async () => {
    await refused({}, { splits: 1.5 }, /splits 1.5 needs whole numbers of at least 1/);
    await refused({}, { kernel: [0, 1] }, /kernel \[0,1\] needs whole numbers of at least 1/);
  });
});
