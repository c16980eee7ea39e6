/** The gradient of global-average-pool against finite differences. */
import { expect, it } from "vitest";
import { globalAveragePoolGradient } from "../../shaders/global-average-pool-gradient/kernel.js";
import { globalAveragePoolReference } from "../../shaders/global-average-pool/reference.js";
import { erase, makeProblem } from "../../src/kernel/kernel.js";
import { useDevice } from "../helpers/device.js";
import { numericGradient, relativeError } from "../helpers/finite-differences.js";
import { randomValues, runVariants } from "../helpers/run-variants.js";

const device = useDevice();

it.each([1, 4, 6])("%d channels", async (channels) => {
  const x = randomValues([2, channels, 5, 3], 1);
  const dy = randomValues([2, channels, 1, 1], 2);
  const forward = (data: Float64Array): ArrayLike<number> =>
    globalAveragePoolReference({ x: { shape: x.shape, data } }, { sum: false })["y"]?.data ?? [];
  const numeric = numericGradient(forward, x.data, dy.data);
  const attrs = { height: 5, width: 3 };
  for (const { variant, outputs } of await runVariants(device(), globalAveragePoolGradient, { dy }, attrs)) {
    expect(relativeError(outputs["dx"] ?? [], numeric), variant).toBeLessThan(1e-4);
  }
});

it("refuses a gradient of more than one pixel, and a size that is none", () => {
  const shapeOf = (dy: readonly number[], height: number) => () =>
    makeProblem(erase(globalAveragePoolGradient), { dy }, { height, width: 4 });
  expect(shapeOf([1, 3, 2, 1], 4)).toThrow("global-average-pool-gradient: dy [1,3,2,1] needs 1 x 1 pixels");
  expect(shapeOf([1, 3, 1, 1], 0)).toThrow("height 0 and width 4 need to be positive whole numbers");
});
