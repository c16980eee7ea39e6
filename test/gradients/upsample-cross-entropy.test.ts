/** upsample-cross-entropy and gather-cells: their gradient against finite differences of the float64 loss. */
import { describe, expect, it } from "vitest";
import { gatherCells } from "../../shaders/gather-cells/kernel.js";
import { gatherCellsReference } from "../../shaders/gather-cells/reference.js";
import { upsampleCrossEntropy } from "../../shaders/upsample-cross-entropy/kernel.js";
import { upsampleCrossEntropyReference } from "../../shaders/upsample-cross-entropy/reference.js";
import { erase, makeProblem } from "../../src/kernel/kernel.js";
import type { HostTensor } from "../../src/kernel/registry.js";
import { useDevice } from "../helpers/device.js";
import { numericGradient, relativeError } from "../helpers/finite-differences.js";
import { randomValues, runVariants } from "../helpers/run-variants.js";

const device = useDevice();
const CLASSES = 5;
const [H, W] = [3, 4];

const geometries = [
  { name: "aligned", kernel: 7, stride: 4, padding: 3, crop_offset: [0, 0], height: 9, width: 13 },
  { name: "aligned, cut", kernel: 7, stride: 4, padding: 3, crop_offset: [0, 0], height: 7, width: 10 },
  { name: "between", kernel: 8, stride: 4, padding: 2, crop_offset: [0, 0], height: 12, width: 16 },
  { name: "cropped", kernel: 8, stride: 4, padding: 0, crop_offset: [3, 5], height: 11, width: 13 },
] as const;

describe.each(geometries)("$name", ({ kernel, stride, padding, crop_offset, height, width }) => {
  const geometry = { kernel, stride, padding, crop_offset };
  const attrs = { ...geometry, height, width, ignore: 255 };
  const shape = [2, CLASSES, H, W];
  const scores = randomValues(shape, 1);
  const labels = Array.from({ length: 2 * height * width }, (_, i) => (i % 7 === 3 ? 255 : (i * 5) % CLASSES));
  const inputs: Record<string, HostTensor> = {
    scores,
    labels: { shape: [2, 1, height, width], data: labels },
    scale: { shape: [1, 1, 1, 1], data: [0.25] },
  };
  const loss = (values: Float64Array): number[] => {
    const { losses } = upsampleCrossEntropyReference({ ...inputs, scores: { shape, data: values } }, attrs);
    return [Array.from(losses?.data ?? []).reduce((sum, part) => sum + part, 0)];
  };

  it("has the gradient of finite differences", async () => {
    const numeric = numericGradient(loss, scores.data, [1]);
    const size = { height: H, width: W };
    const { sums } = upsampleCrossEntropyReference(inputs, attrs);
    if (!sums) throw new Error("no sums");
    const exact = gatherCellsReference({ sums }, { ...geometry, ...size });
    expect(relativeError(exact["gradient"]?.data ?? [], numeric)).toBeLessThan(1e-6);
    for (const { variant, outputs } of await runVariants(device(), upsampleCrossEntropy, inputs, attrs)) {
      const own = { sums: { shape: sums.shape, data: outputs["sums"] as Float32Array } };
      for (const gathered of await runVariants(device(), gatherCells, own, { ...geometry, ...size }))
        expect(relativeError(gathered.outputs["gradient"] ?? [], numeric), variant).toBeLessThan(1e-4);
    }
  });
});

it("is NaN in its loss where a score is NaN", async () => {
  const attrs = { kernel: 3, stride: 2, padding: 1, crop_offset: [0, 0], height: 1, width: 1 } as const;
  const inputs = {
    scores: { shape: [1, 3, 1, 1], data: [0, 1, NaN] },
    labels: { shape: [1, 1, 1, 1], data: [1] },
    scale: { shape: [1, 1, 1, 1], data: [1] },
  };
  const results = await runVariants(device(), upsampleCrossEntropy, inputs, attrs);
  for (const { variant, outputs } of results) expect(outputs["losses"]?.[0], variant).toBeNaN();
});

it("names what is wrong", () => {
  const shapes = { scores: [2, 3, 4, 5], labels: [2, 1, 25, 33], scale: [1, 1, 1, 1] };
  const attrs = { kernel: 15, stride: 8, padding: 7, height: 25, width: 33 };
  const problem =
    (changed: object, shape = {}) =>
    () =>
      makeProblem(erase(upsampleCrossEntropy), { ...shapes, ...shape }, { ...attrs, ...changed });
  expect(problem({})).not.toThrow();
  expect(problem({ kernel: 8 })).toThrow(
    "upsample-cross-entropy: kernel 8 with stride 8 is not bilinear: it needs 15 or 16 taps",
  );
  expect(problem({ ignore: 256 })).toThrow("upsample-cross-entropy: ignore 256 needs to be a whole number");
  expect(problem({}, { labels: [2, 1, 25, 32] })).toThrow(
    "upsample-cross-entropy: logits [2,3,25,33] needs labels [2,1,25,33], got [2,1,25,32]",
  );
  const odd = () =>
    makeProblem(erase(gatherCells), { sums: [1, 3, 9, 5] }, { kernel: 3, stride: 2, height: 2, width: 3 });
  expect(odd).toThrow("gather-cells: sums [1,3,9,5] needs two columns for each cell");
});
