/** The gradients of depthwise-conv2d against finite differences. */
import { expect, it } from "vitest";
import { depthwiseConv2dInputGradient } from "../../shaders/depthwise-conv2d-input-gradient/kernel.js";
import { depthwiseConv2dWeightGradient } from "../../shaders/depthwise-conv2d-weight-gradient/kernel.js";
import { depthwiseConv2dReference } from "../../shaders/depthwise-conv2d/reference.js";
import { erase, makeProblem } from "../../src/kernel/kernel.js";
import type { Attrs } from "../../src/kernel/problem.js";
import type { HostTensor } from "../../src/kernel/registry.js";
import { useDevice } from "../helpers/device.js";
import { numericGradient, relativeError } from "../helpers/finite-differences.js";
import { randomValues, runVariants } from "../helpers/run-variants.js";

const device = useDevice();

const CHANNELS = 5;
const x = randomValues([2, CHANNELS, 9, 7], 1);

const settings = [
  { kernel: [3, 3], stride: 1, padding: 1, dilation: 1 },
  { kernel: [3, 3], stride: 2, padding: 1, dilation: 1 },
  { kernel: [5, 5], stride: 2, padding: 2, dilation: 1 },
  { kernel: [3, 3], stride: 1, padding: 2, dilation: 2 },
  { kernel: [2, 3], stride: [1, 2], padding: [0, 1], dilation: [2, 1] },
] as const;

it.each(settings)("%j", async ({ kernel, ...window }) => {
  const weight = randomValues([CHANNELS, 1, ...kernel], 2);
  const convolve = (inputs: Readonly<Record<string, HostTensor>>): HostTensor =>
    depthwiseConv2dReference(inputs, { ...window, relu: false, relu6: false })["y"] as HostTensor;
  const dy = randomValues(convolve({ x, weight }).shape, 3);
  const ofX = numericGradient((data) => convolve({ x: { shape: x.shape, data }, weight }).data, x.data, dy.data);
  const ofWeight = numericGradient(
    (data) => convolve({ x, weight: { shape: weight.shape, data } }).data,
    weight.data,
    dy.data,
  );

  const size = { height: 9, width: 7 };
  for (const { variant, outputs } of await runVariants(
    device(),
    depthwiseConv2dInputGradient,
    { dy, weight },
    { ...window, ...size },
  )) {
    expect(relativeError(outputs["dx"] ?? [], ofX), variant).toBeLessThan(1e-4);
  }
  const splits = 3;
  for (const { variant, outputs } of await runVariants(
    device(),
    depthwiseConv2dWeightGradient,
    { x, dy },
    { ...window, kernel, splits },
  )) {
    const parts = outputs["parts"] ?? [];
    const sums = Array.from(ofWeight, (_, i) => {
      let sum = 0;
      for (let s = 0; s < splits; s++) sum += parts[s * ofWeight.length + i] as number;
      return sum;
    });
    expect(relativeError(sums, ofWeight), variant).toBeLessThan(1e-4);
  }
});

it("names what does not fit", () => {
  const ofInput = (dy: number[], weight: number[], attrs: Attrs) => () =>
    makeProblem(erase(depthwiseConv2dInputGradient), { dy, weight }, { height: 8, width: 8, ...attrs });
  const ofWeight = (dy: number[], attrs: Attrs) => () =>
    makeProblem(erase(depthwiseConv2dWeightGradient), { x: [1, 3, 8, 8], dy }, attrs);
  const six = [1, 3, 6, 6];
  const three = [3, 1, 3, 3];
  expect(ofInput(six, [3, 2, 3, 3], {})).toThrow("weight [3,2,3,3] has 2 input channels for each output, it needs 1");
  expect(ofInput(six, [4, 1, 3, 3], {})).toThrow("weight [4,1,3,3] needs 4 input channels, x [1,3,6,6] has 3");
  expect(ofInput(six, three, { height: 9 })).toThrow("dy [1,3,6,6] needs 7 x 6 pixels for an input of 9 x 8");
  expect(ofInput(six, three, { height: 0 })).toThrow("height 0 and width 8 need to be positive whole numbers");
  expect(ofWeight(six, { padding: 1 })).toThrow("dy [1,3,6,6] needs the shape [1,3,8,8] for x [1,3,8,8]");
  expect(ofWeight(six, { splits: 0 })).toThrow("splits 0 needs to be a positive whole number");
  expect(ofWeight(six, { kernel: 0 })).toThrow("kernel 0 needs whole numbers of at least 1");
});
