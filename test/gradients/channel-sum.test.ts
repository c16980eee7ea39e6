/** The gradient of a bias that is added to every pixel, against finite differences. */
import { expect, it } from "vitest";
import { channelSum } from "../../shaders/channel-sum/kernel.js";
import { erase, makeProblem } from "../../src/kernel/kernel.js";
import { useDevice } from "../helpers/device.js";
import { numericGradient, relativeError } from "../helpers/finite-differences.js";
import { randomValues, runVariants } from "../helpers/run-variants.js";

const device = useDevice();

it.each([1, 4, 7])("%d parts", async (splits) => {
  const channels = 6;
  const dy = randomValues([2, channels, 5, 3], 1);
  const bias = randomValues([channels], 2);
  const forward = (values: Float64Array): number[] =>
    Array.from(dy.data, (_, i) => values[Math.floor(i / 15) % channels] as number);
  const numeric = numericGradient(forward, bias.data, dy.data);
  for (const { variant, outputs } of await runVariants(device(), channelSum, { dy }, { splits })) {
    const parts = outputs["parts"] ?? [];
    const sums = Array.from(numeric, (_, c) => {
      let sum = 0;
      for (let s = 0; s < splits; s++) sum += parts[s * channels + c] as number;
      return sum;
    });
    expect(relativeError(sums, numeric), variant).toBeLessThan(1e-4);
  }
});

it("refuses a number of parts that is none", () => {
  for (const splits of [0, 1.5, -2]) {
    expect(() => makeProblem(erase(channelSum), { dy: [1, 2, 3, 4] }, { splits })).toThrow(
      `channel-sum: splits ${splits} needs to be a positive whole number`,
    );
  }
});
