/** The gradient of max-pool2d against finite differences. */
import { expect, it } from "vitest";
import { maxPool2dGradient } from "../../shaders/max-pool2d-gradient/kernel.js";
import { maxPool2dReference } from "../../shaders/max-pool2d/reference.js";
import { erase, makeProblem } from "../../src/kernel/kernel.js";
import type { HostTensor } from "../../src/kernel/registry.js";
import { useDevice } from "../helpers/device.js";
import { numericGradient, relativeError } from "../helpers/finite-differences.js";
import { randomValues, runVariants } from "../helpers/run-variants.js";

const device = useDevice();

const none = { kernel: 2, stride: 0, padding: 0, dilation: 1, ceil_mode: false };
const shape = [2, 5, 9, 7];
/** All values differ by more than the step of a finite difference. */
const x = Array.from({ length: 630 }, (_, i) => ((i * 211) % 630) / 100 - 3);

it.each([
  {},
  { kernel: 3, stride: 2, padding: 1 },
  { kernel: 3, stride: 1, padding: 1 },
  { kernel: 3, stride: 2, ceil_mode: true },
  { kernel: [2, 3] as const, stride: [1, 2] as const, padding: [1, 0] as const },
  { kernel: 3, stride: 2, padding: 1, dilation: 2 },
])("%j", async (given) => {
  const attrs = { ...none, ...given };
  const pool = (data: ArrayLike<number>): Readonly<Record<string, HostTensor>> =>
    maxPool2dReference({ x: { shape, data } }, { ...attrs, indices: true });
  const { y, indices } = pool(x) as { y: HostTensor; indices: HostTensor };
  const dy = randomValues(y.shape, 2);
  const numeric = numericGradient((data) => pool(data)["y"]?.data ?? [], x, dy.data);
  const size = { height: 9, width: 7 };
  for (const { variant, outputs } of await runVariants(
    device(),
    maxPool2dGradient,
    { dy, indices },
    { ...attrs, ...size },
  )) {
    expect(relativeError(outputs["dx"] ?? [], numeric), variant).toBeLessThan(1e-4);
  }
});

it("names what does not fit", () => {
  const problem = (dy: number[], indices: number[], attrs: object) => () =>
    makeProblem(erase(maxPool2dGradient), { dy, indices }, { height: 8, width: 8, ...attrs });
  const four = [1, 3, 4, 4];
  expect(problem(four, [1, 3, 4, 5], {})).toThrow("indices [1,3,4,5] needs the shape of dy [1,3,4,4]");
  expect(problem(four, four, { width: 10 })).toThrow("dy [1,3,4,4] needs the shape [1,3,4,5] for x [1,3,8,10]");
  expect(problem(four, four, { width: 0 })).toThrow("height 8 and width 0 need to be positive whole numbers");
  expect(problem(four, four, { kernel: 0 })).toThrow("kernel 0 needs whole numbers of at least 1");
});
