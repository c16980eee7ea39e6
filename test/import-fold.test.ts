/** Folding batch norm into convolutions, by names and by numbers that can be checked by hand. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { convertCheckpoint } from "../src/weights/convert-checkpoint.js";
import { openCheckpoint } from "../src/weights/open.js";
import { bufferSource } from "../src/weights/source.js";
import { writeTensors } from "./helpers/small-checkpoint.js";
import type { Tensors } from "./helpers/small-checkpoint.js";

const root = mkdtempSync(join(tmpdir(), "fcn-fold-"));
afterAll(() => rmSync(root, { recursive: true }));

/** Batch norm's epsilon, taken off so that variance + epsilon is 1 and 4. */
const EPSILON = 1e-5;

/** Batch norm over two channels: scales 2 / 1 and -3 / 2. */
const norm = (name: string): Tensors => ({
  [`${name}.weight`]: { shape: [2], data: [2, -3] },
  [`${name}.bias`]: { shape: [2], data: [0.5, 1] },
  [`${name}.running_mean`]: { shape: [2], data: [4, -2] },
  [`${name}.running_var`]: { shape: [2], data: [1 - EPSILON, 4 - EPSILON] },
});

const rounded = (values: ArrayLike<number>): number[] => Array.from(values, (v) => Math.round(v * 1e4) / 1e4);

/** Folds the tensors. Gives the values of the result by name. */
async function folded(tensors: Tensors): Promise<Record<string, number[]>> {
  const bytes = readFileSync(await writeTensors(join(root, "in.safetensors"), tensors));
  const converted = convertCheckpoint(await openCheckpoint(bufferSource(bytes, "in")), { foldBatchNorm: true });
  expect(converted.metadata.get("batch_norm")).toBe("folded");
  const values: Record<string, number[]> = {};
  for (const { name, read } of converted.tensors) values[name] = rounded(await read());
  return values;
}

test("a factor that is no number is refused, with its channel", async () => {
  const negative = { ...norm("bn1"), "bn1.running_var": { shape: [2], data: [1, -4] } };
  const tensors = { "conv1.weight": { shape: [2, 1, 1, 1], data: [10, 20] }, ...negative };
  await expect(folded(tensors)).rejects.toThrow(
    /^in: batch norm bn1 cannot be folded: .* of its channel 1 is NaN; running_var must not be negative$/,
  );
});

describe("folding", () => {
  const conv = { shape: [2, 1, 1, 1], data: [10, 20] };

  test.each([
    ["conv1", "bn1"],
    ["layer1.0.conv2", "layer1.0.bn2"],
    ["downsample.0", "downsample.1"],
    ["classifier.0", "classifier.1"],
  ])("%s with %s", async (c, n) => {
    expect(await folded({ [`${c}.weight`]: conv, ...norm(n) })).toEqual({
      [`${c}.weight`]: [20, -30],
      [`${c}.bias`]: [0.5 - 8, 1 - 3],
    });
  });

  test("a convolution that has a bias already", async () => {
    expect(await folded({ "conv1.weight": conv, "conv1.bias": { shape: [2], data: [1, 2] }, ...norm("bn1") })).toEqual({
      "conv1.weight": [20, -30],
      "conv1.bias": [0.5 - 8 + 2, 1 - 3 - 3],
    });
  });

  test("what cannot be folded is refused by name", async () => {
    await expect(folded({ x: conv, ...norm("bn1") })).rejects.toThrow(
      /batch norm bn1 cannot be folded: a convolution conv1\.weight of 2 channels/,
    );
    const partial = Object.entries(norm("bn1")).filter(([name]) => name !== "bn1.bias");
    await expect(folded({ "conv1.weight": conv, ...Object.fromEntries(partial) })).rejects.toThrow(
      /batch norm bn1 cannot be folded: it has no bias/,
    );
  });
});
