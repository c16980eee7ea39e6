/** Gradients have no race: the same inputs give the same bits, in every variant. */
import { expect, it } from "vitest";
import { registry } from "../../shaders/index.js";
import type { RegistryEntry } from "../../src/kernel/registry.js";
import { elements } from "../../src/kernel/shape.js";
import { useDevice } from "../helpers/device.js";
import { runVariants } from "../helpers/run-variants.js";
import { makeInputs } from "../helpers/verify-kernel.js";

const device = useDevice();

const NAMES = [
  "softmax-cross-entropy",
  "conv2d-input-gradient",
  "conv2d-weight-gradient",
  "conv-transpose2d-input-gradient",
  "conv-transpose2d-weight-gradient",
  "relu-gradient",
  "max-pool2d-gradient",
  "channel-sum",
  "depthwise-conv2d-input-gradient",
  "depthwise-conv2d-weight-gradient",
  "global-average-pool-gradient",
  "slice-channels",
];

const sizeOfCase = ({ shapes }: RegistryEntry["cases"][number]): number =>
  Math.max(...Object.values(shapes).map(elements));

/** The bits of every output of every variant. */
async function bitsOf(entry: RegistryEntry): Promise<string[]> {
  const largest = entry.cases
    .filter(({ bench }) => !bench)
    .sort((a, b) => sizeOfCase(b) - sizeOfCase(a))
    .slice(0, 2);
  const bits: string[] = [];
  for (const test of largest) {
    for (const { variant, outputs } of await runVariants(
      device(),
      entry.kernel,
      makeInputs(entry, test),
      test.attrs ?? {},
    )) {
      for (const [key, values] of Object.entries(outputs)) {
        const bytes = Buffer.from(Float32Array.from(values).buffer);
        bits.push(`${test.name} ${variant} ${key} ${bytes.toString("base64")}`);
      }
    }
  }
  return bits;
}

it.each(NAMES)("%s", async (name) => {
  const entry = registry.find(({ kernel }) => kernel.name === name) as RegistryEntry;
  expect(await bitsOf(entry)).toEqual(await bitsOf(entry));
});
