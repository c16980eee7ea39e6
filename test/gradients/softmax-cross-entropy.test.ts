/** The gradient of softmax cross-entropy against finite differences of its float64 loss. */
import { expect, it } from "vitest";
import { softmaxCrossEntropy } from "../../shaders/softmax-cross-entropy/kernel.js";
import { softmaxCrossEntropyReference } from "../../shaders/softmax-cross-entropy/reference.js";
import { erase, makeProblem } from "../../src/kernel/kernel.js";
import type { HostTensor } from "../../src/kernel/registry.js";
import { useDevice } from "../helpers/device.js";
import { numericGradient, relativeError } from "../helpers/finite-differences.js";
import { randomValues, runVariants } from "../helpers/run-variants.js";

const device = useDevice();

const N = 2;
const H = 3;
const W = 5;
const scale: HostTensor = { shape: [1, 1, 1, 1], data: [0.25] };
const positive = ({ shape, data }: HostTensor): HostTensor => ({ shape, data: Array.from(data, (v) => Math.abs(v)) });

interface Setting {
  readonly classes: number;
  readonly isLabelled: boolean;
  readonly isWeighted: boolean;
}
const settings: Setting[] = [1, 3, 5, 21].flatMap((classes) =>
  [true, false].flatMap((isLabelled) => [true, false].map((isWeighted) => ({ classes, isLabelled, isWeighted }))),
);

function inputsOf({ classes, isLabelled, isWeighted }: Setting): Record<string, HostTensor> {
  const labels = Array.from({ length: N * H * W }, (_, i) => (i % 7 === 3 ? 255 : (i * 5) % classes));
  return {
    logits: randomValues([N, classes, H, W], 1),
    ...(isLabelled
      ? { labels: { shape: [N, 1, H, W], data: labels } }
      : { targets: positive(randomValues([N, classes, H, W], 2)) }),
    ...(isWeighted && { class_weights: positive(randomValues([1, classes, 1, 1], 3)) }),
    scale,
  };
}

it.each(settings)("$classes classes, labels: $isLabelled, weights: $isWeighted", async (setting) => {
  const inputs = inputsOf(setting);
  const { shape, data } = inputs["logits"] as HostTensor;
  const loss = (values: Float64Array): ArrayLike<number> => {
    const { losses } = softmaxCrossEntropyReference({ ...inputs, logits: { shape, data: values } }, { ignore: 255 });
    return losses?.data ?? [];
  };
  const numeric = numericGradient(loss, data, [1]);
  for (const { variant, outputs } of await runVariants(device(), softmaxCrossEntropy, inputs)) {
    const error = relativeError(outputs["gradient"] ?? [], numeric);
    // One class: the gradient is zero, and finite differences of zero are not quite.
    if (setting.classes === 1) expect(Math.max(...(outputs["gradient"] as Float32Array)), variant).toBeLessThan(1e-6);
    else expect(error, variant).toBeLessThan(1e-4);
  }
});

it("is NaN in its loss where a logit is NaN, and finite at logits of 10000 and -10000", async () => {
  const labels = { shape: [1, 1, 1, 1], data: [1] };
  const lossOf = async (data: readonly number[]): Promise<number[]> => {
    const results = await runVariants(device(), softmaxCrossEntropy, {
      logits: { shape: [1, 3, 1, 1], data },
      labels,
      scale,
    });
    return results.map(({ outputs }) => outputs["losses"]?.[0] as number);
  };
  for (const loss of await lossOf([0, 1, NaN])) expect(loss).toBeNaN();
  for (const loss of await lossOf([0, NaN, 1])) expect(loss).toBeNaN();
  for (const loss of await lossOf([1e4, -1e4, 0])) expect(loss).toBe(5000);
});

it("names what is wrong with its inputs", () => {
  const logits = [2, 3, 4, 5];
  const shapes = { logits, labels: [2, 1, 4, 5], scale: [1, 1, 1, 1] };
  const problem =
    (changed: Record<string, number[] | undefined>, attrs = {}) =>
    () =>
      makeProblem(erase(softmaxCrossEntropy), { ...shapes, ...changed }, attrs);
  const head = "softmax-cross-entropy: logits [2,3,4,5]";
  expect(problem({ targets: logits })).toThrow(`${head} with both labels and targets: it needs one of them`);
  expect(problem({ labels: undefined })).toThrow(`${head} with neither labels nor targets: it needs one of them`);
  expect(problem({ labels: [2, 1, 5, 4] })).toThrow(`${head} needs labels [2,1,4,5], got [2,1,5,4]`);
  expect(problem({ labels: undefined, targets: [2, 1, 4, 5] })).toThrow(`${head} needs targets [2,3,4,5], got`);
  expect(problem({ class_weights: [3, 1, 1, 1] })).toThrow("class_weights [3,1,1,1] needs the shape [1,3,1,1]");
  expect(problem({ scale: [1, 2, 1, 1] })).toThrow("scale [1,2,1,1] needs the shape [1,1,1,1]");
  expect(problem({}, { ignore: -100 })).toThrow("ignore -100 needs to be a whole number from 0 to 255");
});
