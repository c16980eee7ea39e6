import { describe, expect, it } from "vitest";
import { conv2dInputGradient } from "../../shaders/conv2d-input-gradient/kernel.js";
import { conv2dReference } from "../../shaders/conv2d/reference.js";
import { erase, makeProblem } from "../../src/kernel/kernel.js";
import type { Pair } from "../../src/kernel/problem.js";
import { elements } from "../../src/kernel/shape.js";
import { useDevice } from "../helpers/device.js";
import { expectError } from "../helpers/expect-error.js";
import { numericGradient, relativeError } from "../helpers/finite-differences.js";
import { seeded } from "../helpers/random.js";
import { firstOutputs } from "../helpers/first-outputs.js";

const device = useDevice();
const kernel = erase(conv2dInputGradient);

interface Case {
  readonly name: string;
  readonly x: readonly number[];
  readonly weight: readonly number[];
  readonly stride?: Pair;
  readonly padding?: Pair;
  readonly dilation?: Pair;
}

const CASES: readonly Case[] = [
  { name: "1x1", x: [2, 5, 3, 4], weight: [6, 5, 1, 1] },
  { name: "3x3 s2 p1", x: [1, 3, 6, 5], weight: [5, 3, 3, 3], stride: 2, padding: 1 },
  { name: "2x3 s3 d2", x: [1, 2, 9, 8], weight: [3, 2, 2, 3], stride: 3, dilation: [1, 2], padding: [0, 1] },
  { name: "3x3 p1", x: [1, 4, 4, 5], weight: [17, 4, 3, 3], padding: 1 },
];

describe("conv2d-input-gradient agrees with finite differences", () => {
  it.each(CASES)("of $name", async ({ x, weight, stride = 1, padding = 0, dilation = 1 }) => {
    const random = seeded(x.length + elements(weight));
    const fill = (shape: readonly number[]): Float32Array =>
      Float32Array.from({ length: elements(shape) }, () => random() * 2 - 1);
    const window = { stride, padding, dilation };
    const attrs = { ...window, groups: 1, relu: false, relu6: false };
    const w = { shape: weight, data: fill(weight) };
    const forward = (data: ArrayLike<number>) => conv2dReference({ x: { shape: x, data }, weight: w }, attrs).y;
    const values = fill(x);
    const shape = forward(values)?.shape as readonly number[];
    const dy = { shape, data: fill(shape) };
    const want = numericGradient((data) => forward(data)?.data as Float64Array, values, dy.data);
    const call = { inputs: { dy, weight: w }, attrs: { ...window, height: x[2] as number, width: x[3] as number } };
    const results = await firstOutputs(device(), kernel, call);
    expect(results.size).toBeGreaterThan(0);
    for (const [name, dx] of results) expect(relativeError(dx, want), name).toBeLessThan(1e-4);
  });

  it("with a residual and behind the mask of a ReLU", async () => {
    const random = seeded(7);
    const shape = [1, 6, 3, 4];
    const fill = (): Float32Array => Float32Array.from({ length: 72 }, () => random() * 2 - 1);
    const weight = { shape: [6, 6, 1, 1], data: fill().subarray(0, 36) };
    const [before, dy, other] = [fill(), fill(), fill()];
    const attrs = { stride: 1, padding: 0, dilation: 1, groups: 1, relu: false, relu6: false };
    // The value is read by the convolution and by a skip, whose gradient is `other`: the sum of both outputs.
    const forward = (data: ArrayLike<number>): number[] => {
      const x = Array.from(data, (value) => Math.max(value, 0));
      return [...Array.from(conv2dReference({ x: { shape, data: x }, weight }, attrs).y?.data ?? []), ...x];
    };
    const want = numericGradient(forward, before, [...dy, ...other]);
    const inputs = {
      dy: { shape, data: dy },
      weight,
      mask: { shape, data: before.map((value) => Math.max(value, 0)) },
      residual: { shape, data: other },
    };
    const results = await firstOutputs(device(), kernel, { inputs, attrs: { height: 3, width: 4 } });
    for (const [name, dx] of results) expect(relativeError(dx, want), name).toBeLessThan(1e-4);
  });
});

describe("conv2d-input-gradient refuses", () => {
  const shapes = { dy: [1, 6, 4, 5], weight: [6, 5, 3, 3] };
  const attrs = { stride: 2, padding: 1, height: 8, width: 10 };
  const refused = (given: object, changed: object, message: RegExp): Promise<void> =>
    expectError(() => makeProblem(kernel, { ...shapes, ...given }, { ...attrs, ...changed }), "bad-shape", message);

  it("sizes of x that give another dy", async () => {
    expect(makeProblem(kernel, shapes, { ...attrs, height: 7, width: 9 }).out).toEqual({ dx: [1, 5, 7, 9] });
    await refused({}, { height: 9 }, /9 rows of x give 5 rows, dy \[1,6,4,5\] has 4/);
    await refused({}, { width: 8 }, /8 columns of x give 4 columns, dy \[1,6,4,5\] has 5/);
    await refused({}, { height: 0 }, /height 0 and width 10 need to be positive/);
  });

  it("operands of other sizes", async () => {
    await refused({ dy: [1, 7, 4, 5] }, {}, /weight \[6,5,3,3\] needs 6 channels of dy \[1,7,4,5\]/);
    await refused({ weight: [6, 5] }, {}, /weight \[6,5\] needs 4 dimensions/);
    await refused({ mask: [1, 5, 8, 9] }, {}, /mask \[1,5,8,9\] needs the shape of dx \[1,5,8,10\]/);
    await refused({ residual: [1, 6, 8, 10] }, {}, /residual \[1,6,8,10\] needs the shape of dx \[1,5,8,10\]/);
  });
});
