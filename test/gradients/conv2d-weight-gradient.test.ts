import { describe, expect, it } from "vitest";
import { conv2dWeightGradient } from "../../shaders/conv2d-weight-gradient/kernel.js";
import { conv2dReference } from "../../shaders/conv2d/reference.js";
import { erase, makeProblem } from "../../src/kernel/kernel.js";
import type { Pair } from "../../src/kernel/problem.js";
import { elements } from "../../src/kernel/shape.js";
import { useDevice } from "../helpers/device.js";
import { expectError } from "../helpers/expect-error.js";
import { numericGradient, relativeError } from "../helpers/finite-differences.js";
import { seeded } from "../helpers/random.js";
import { firstOutputs, sumParts } from "../helpers/first-outputs.js";

const device = useDevice();
const kernel = erase(conv2dWeightGradient);

interface Case {
  readonly name: string;
  readonly x: readonly number[];
  readonly weight: readonly number[];
  readonly stride?: Pair;
  readonly padding?: Pair;
  readonly dilation?: Pair;
  readonly splits: number;
}

const CASES: readonly Case[] = [
  { name: "1x1", x: [2, 5, 3, 4], weight: [6, 5, 1, 1], splits: 1 },
  { name: "3x3 s2 p1", x: [1, 3, 6, 5], weight: [5, 3, 3, 3], stride: 2, padding: 1, splits: 2 },
  { name: "2x3 s3 d2", x: [2, 2, 9, 8], weight: [3, 2, 2, 3], stride: 3, dilation: [1, 2], padding: [0, 1], splits: 3 },
  { name: "1x1 of 20 channels", x: [1, 20, 5, 4], weight: [18, 20, 1, 1], splits: 2 },
];

describe("conv2d-weight-gradient agrees with finite differences", () => {
  it.each(CASES)("of $name", async ({ x, weight, stride = 1, padding = 0, dilation = 1, splits }) => {
    const random = seeded(x.length + elements(weight));
    const fill = (shape: readonly number[]): Float32Array =>
      Float32Array.from({ length: elements(shape) }, () => random() * 2 - 1);
    const window = { stride, padding, dilation };
    const attrs = { ...window, groups: 1, relu: false, relu6: false };
    const input = { shape: x, data: fill(x) };
    const forward = (data: ArrayLike<number>) =>
      conv2dReference({ x: input, weight: { shape: weight, data } }, attrs).y;
    const values = fill(weight);
    const shape = forward(values)?.shape as readonly number[];
    const dy = { shape, data: fill(shape) };
    const want = numericGradient((data) => forward(data)?.data as Float64Array, values, dy.data);
    const kernelSize = [weight[2] as number, weight[3] as number] as const;
    const call = { inputs: { x: input, dy }, attrs: { ...window, kernel: kernelSize, splits } };
    const results = await firstOutputs(device(), kernel, call);
    expect(results.size).toBeGreaterThan(0);
    for (const [name, parts] of results) {
      expect(relativeError(sumParts(parts, splits), want), name).toBeLessThan(1e-4);
    }
  });
});

describe("conv2d-weight-gradient refuses", () => {
  const shapes = { x: [1, 5, 8, 10], dy: [1, 6, 4, 5] };
  const attrs = { kernel: 3, stride: 2, padding: 1 };
  const refused = (given: object, changed: object, message: RegExp): Promise<void> =>
    expectError(() => makeProblem(kernel, { ...shapes, ...given }, { ...attrs, ...changed }), "bad-shape", message);

  it("maps that do not fit together", async () => {
    expect(makeProblem(kernel, shapes, { ...attrs, splits: 4 }).out).toEqual({ parts: [24, 5, 3, 3] });
    await refused({ dy: [2, 6, 4, 5] }, {}, /dy \[2,6,4,5\] needs the batch of x \[1,5,8,10\]/);
    await refused({ dy: [1, 6, 5, 5] }, {}, /8 rows of x give 4 rows, dy \[1,6,5,5\] has 5/);
  });

  it("sizes that are no whole numbers", async () => {
    await refused({}, { splits: 0 }, /splits 0 needs whole numbers of at least 1/);
    await refused({}, { kernel: 0 }, /kernel 0 needs whole numbers of at least 1/);
  });
});
