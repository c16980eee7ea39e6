/** The gradients of ReLU and ReLU6 against finite differences. */
import { expect, it } from "vitest";
import { reluGradient } from "../../shaders/relu-gradient/kernel.js";
import { reluReference } from "../../shaders/relu/reference.js";
import { erase, makeProblem } from "../../src/kernel/kernel.js";
import { useDevice } from "../helpers/device.js";
import { numericGradient, relativeError } from "../helpers/finite-differences.js";
import { randomValues, runVariants } from "../helpers/run-variants.js";

const device = useDevice();
const shape = [2, 5, 3, 4];

it.each([false, true])("relu6: %s", async (relu6) => {
  const x = Array.from(randomValues(shape, 1).data, (v) => v * 9);
  const dy = randomValues(shape, 2);
  const forward = (values: ArrayLike<number>): number[] => {
    const y = reluReference({ x: { shape, data: values } }, {})["y"]?.data ?? [];
    return Array.from(y, (v) => (relu6 ? Math.min(v, 6) : v));
  };
  const numeric = numericGradient(forward, x, dy.data);
  for (const { variant, outputs } of await runVariants(
    device(),
    reluGradient,
    { y: { shape, data: forward(x) }, dy },
    { relu6 },
  )) {
    expect(relativeError(outputs["dx"] ?? [], numeric), variant).toBeLessThan(1e-4);
  }
});

it("refuses a gradient of another shape", () => {
  expect(() => makeProblem(erase(reluGradient), { y: shape, dy: [2, 5, 4, 3] })).toThrow(
    "relu-gradient: dy [2,5,4,3] needs the shape of y [2,5,3,4]",
  );
});
