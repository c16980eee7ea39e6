/** slice-channels as the gradient of concat, against finite differences. */
import { expect, it } from "vitest";
import { concatReference } from "../../shaders/concat/reference.js";
import { sliceChannels } from "../../shaders/slice-channels/kernel.js";
import { erase, makeProblem } from "../../src/kernel/kernel.js";
import { useDevice } from "../helpers/device.js";
import { numericGradient, relativeError } from "../helpers/finite-differences.js";
import { randomValues, runVariants } from "../helpers/run-variants.js";

const device = useDevice();

it.each([
  [4, 3],
  [5, 6],
  [8, 5],
])("gradients of %d and %d channels", async (inA, inB) => {
  const a = randomValues([2, inA, 3, 2], 1);
  const b = randomValues([2, inB, 3, 2], 2);
  const dy = randomValues([2, inA + inB, 3, 2], 3);
  const joined = (inputs: Parameters<typeof concatReference>[0]): ArrayLike<number> =>
    concatReference(inputs, {})["y"]?.data ?? [];
  const ofA = numericGradient((data) => joined({ a: { shape: a.shape, data }, b }), a.data, dy.data);
  const ofB = numericGradient((data) => joined({ a, b: { shape: b.shape, data } }), b.data, dy.data);
  for (const [first, count, numeric] of [
    [0, inA, ofA],
    [inA, inB, ofB],
  ] as const) {
    for (const { variant, outputs } of await runVariants(device(), sliceChannels, { x: dy }, { first, count })) {
      expect(relativeError(outputs["y"] ?? [], numeric), variant).toBeLessThan(1e-4);
    }
  }
});

it("refuses channels that x does not have", () => {
  const shapes = { x: [1, 5, 2, 2] };
  for (const [first, count] of [
    [3, 3],
    [-1, 2],
    [0, 0],
    [0.5, 1],
  ] as const) {
    const message = `slice-channels: first ${first} and count ${count} are no channels of x [1,5,2,2]`;
    expect(() => makeProblem(erase(sliceChannels), shapes, { first, count })).toThrow(message);
  }
});
