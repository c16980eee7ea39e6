/**
 * Every variant of every kernel at the shapes of ResNet-101 and the decoders. Each result is compared with the float64
 * reference before it is timed; a variant whose result is wrong gets no time.
 */
import { registry } from "../shaders/index.js";
import type { Device } from "../src/gpu/device.js";
import { usableVariants } from "../src/kernel/choice.js";
import { makeProblem } from "../src/kernel/kernel.js";
import type { AnyProblem } from "../src/kernel/problem.js";
import type { KernelCase, RegistryEntry } from "../src/kernel/registry.js";
import type { Ceilings } from "./ceilings.js";
import type { KernelRow } from "./kernel-row.js";
import { benchVariant } from "./time-kernel.js";
import { inputsOf } from "./verify.js";
import type { Expected } from "./verify.js";

export interface KernelBenchOptions {
  /** Rows whose "kernel case variant" contains this. */
  readonly filter?: string;
  readonly ceilings: Ceilings;
  /** Gets each row, and all rows so far. Awaited. */
  readonly onRow?: (row: KernelRow, rows: readonly KernelRow[]) => Promise<void> | void;
  /** Kernels to run; default: all. */
  readonly entries?: readonly RegistryEntry[];
}

/** Cases of an entry that this device is benchmarked with. */
const casesFor = ({ cases }: RegistryEntry, { software }: Device): KernelCase[] =>
  cases.filter(({ bench, gpuOnly }) => bench && !(gpuOnly && software));

function variantsOf(device: Device, { kernel }: RegistryEntry, test: KernelCase, filter: string): string[] {
  const problem = makeProblem(kernel, test.shapes, test.attrs);
  const names = usableVariants(kernel, problem, device);
  return names.filter((variant) => `${kernel.name} ${test.name} ${variant}`.includes(filter));
}

/** Rows that benchKernels() will give. */
export function countVariants(device: Device, filter: string): number {
  const counts = registry.flatMap((entry) =>
    casesFor(entry, device).map((test) => variantsOf(device, entry, test, filter).length),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

export async function benchKernels(
  device: Device,
  { filter = "", ceilings, onRow, entries = registry }: KernelBenchOptions,
): Promise<KernelRow[]> {
  const rows: KernelRow[] = [];
  for (const entry of entries) {
    for (const test of casesFor(entry, device)) {
      const { kernel } = entry;
      const problem = makeProblem(kernel, test.shapes, test.attrs);
      const variants = variantsOf(device, entry, test, filter);
      if (variants.length === 0) continue;
      const inputs = inputsOf(test);
      const expected = expectedOf(entry, test, problem, inputs);
      for (const variant of variants) {
        const row = await benchVariant({ device, kernel, test, problem, variant, inputs, expected, ceilings });
        rows.push(row);
        await onRow?.(row, rows);
      }
    }
  }
  return rows;
}

/** The reference's outputs; of a sub-problem where the case has one, for all of it would take minutes. */
function expectedOf(
  { reference }: RegistryEntry,
  test: KernelCase,
  { attrs }: AnyProblem,
  inputs: ReturnType<typeof inputsOf>,
): Expected {
  const part = test.part?.(inputs);
  if (!part) return { values: reference(inputs, attrs) };
  return { values: reference(part.inputs, attrs), places: part.places };
}
