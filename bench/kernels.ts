/**
 * Every variant of every kernel at the shapes of ResNet-101 and the decoders: first the result is compared with the float64
 * reference, then the time is taken. A variant whose result is wrong gets no time.
 */
import { registry } from "../shaders/index.js";
import type { Device } from "../src/device.js";
import { isFcnError } from "../src/errors.js";
import { defaultVariant, makeProblem, usableVariants } from "../src/kernel.js";
import type { HostTensor, KernelCase, Precision, RegistryEntry } from "../src/kernel.js";
import { trialOf } from "../src/measure-variant.js";
import { median } from "../src/statistics.js";
import type { Ceilings } from "./ceilings.js";

/** GPU time that the repeats of a round should add up to. */
const ROUND_MS = 20;
const ROUNDS = 7;
const MAX_REPEATS = 1000;
/** A single run longer than this is not repeated: on a CPU the naive kernels take seconds. */
const SLOW_MS = 1000;

/** Largest normalised root mean square error of a result, by how it is stored. */
const TOLERANCE = { f32: 1e-5, f16: 2e-3 };

export interface KernelRow {
  readonly kernel: string;
  readonly case: string;
  readonly variant: string;
  /** How it stores activations, and whether a plan of that precision would take it here. */
  readonly precision: Precision;
  readonly chosen: boolean;
  readonly flops: number;
  readonly bytes: number;
  /** Milliseconds of one dispatch: median, least, quartiles of the rounds. */
  readonly ms: number;
  readonly min: number;
  readonly p25: number;
  readonly p75: number;
  /** Dispatches that a time was taken over. */
  readonly repeats: number;
  /** Whose clock: the GPU's, or the host's from submit to result. */
  readonly clock: "gpu" | "host";
  /** Of what the measured ceilings allow at this ratio of operations to bytes, and which of the two binds. */
  readonly share: number;
  readonly bound: "compute" | "memory";
  /** Why there is no time: the result was wrong, or the variant failed. */
  readonly failed?: string;
}

/** Seeded inputs, the same on every machine. */
function inputsOf({ shapes, fill }: KernelCase): Record<string, HostTensor> {
  let state = 12345;
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) / 2 ** 24;
  };
  return Object.fromEntries(
    Object.entries(shapes).map(([key, shape]) => {
      const value = fill?.[key] ?? (() => random() * 2 - 1);
      return [key, { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).map((_, i) => value(i, random)) }];
    }),
  );
}

/** What is wrong with a result, if anything: integers must be equal in all but 1 of 10,000 places (ties that rounding decides). */
export function difference(got: ArrayLike<number>, wanted: ArrayLike<number>, integers: boolean, tolerance: number): string | undefined {
  if (got.length !== wanted.length) return `${got.length} values, the reference has ${wanted.length}`;
  let error = 0;
  let total = 0;
  let unequal = 0;
  for (let i = 0; i < wanted.length; i++) {
    const [a, b] = [got[i] as number, wanted[i] as number];
    if (a !== b) unequal++;
    if (a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
    error += (a - b) ** 2;
    total += b ** 2;
  }
  if (integers) return unequal > wanted.length * 1e-4 ? `${unequal} of ${wanted.length} values differ from the reference` : undefined;
  const relative = Math.sqrt(error / (total || 1));
  return relative <= tolerance ? undefined : `off the reference by ${relative.toExponential(1)} of its size, allowed is ${tolerance.toExponential(0)}`;
}

export interface KernelBenchOptions {
  /** Rows whose "kernel case variant" contains this. */
  readonly filter?: string;
  readonly ceilings: Ceilings;
  readonly onRow?: (row: KernelRow) => void;
  /** Kernels to run; default: all. */
  readonly entries?: readonly RegistryEntry[];
}

export async function benchKernels(device: Device, { filter = "", ceilings, onRow, entries = registry }: KernelBenchOptions): Promise<KernelRow[]> {
  const rows: KernelRow[] = [];
  for (const entry of entries) {
    for (const test of entry.cases.filter(({ bench }) => bench)) {
      const problem = makeProblem(entry.kernel, test.shapes, test.attrs);
      const variants = usableVariants(entry.kernel, problem, device).filter((v) => `${entry.kernel.name} ${test.name} ${v}`.includes(filter));
      if (variants.length === 0) continue;
      const inputs = inputsOf(test);
      const wanted = entry.reference(inputs, problem.attrs);
      for (const variant of variants) {
        const row = await benchVariant(device, entry, test, variant, inputs, wanted, ceilings);
        rows.push(row);
        onRow?.(row);
      }
    }
  }
  return rows;
}

async function benchVariant(
  device: Device,
  { kernel }: RegistryEntry,
  test: KernelCase,
  variant: string,
  inputs: Readonly<Record<string, HostTensor>>,
  wanted: Readonly<Record<string, HostTensor>>,
  ceilings: Ceilings,
): Promise<KernelRow> {
  const problem = makeProblem(kernel, test.shapes, test.attrs);
  const { flops, bytes } = kernel.cost(problem);
  const attainable = Math.min(ceilings.gflops, (flops / bytes) * ceilings.gbs);
  const bound = flops / bytes > ceilings.gflops / ceilings.gbs ? "compute" : "memory";
  const precision = kernel.variants[variant]?.precision ?? "f32";
  const chosen = defaultVariant(kernel, problem, device, precision) === variant;
  const base = { kernel: kernel.name, case: test.name, variant, precision, chosen, flops, bytes, bound } as const;
  const without = (failed: string): KernelRow => ({ ...base, ms: NaN, min: NaN, p25: NaN, p75: NaN, repeats: 0, clock: "gpu", share: NaN, failed });
  try {
    const single = await trialOf(device, kernel, problem, variant, 1, inputs);
    let first: Awaited<ReturnType<typeof single.run>>;
    try {
      await single.run(); // drivers compile with the first run
      first = await single.run();
    } finally {
      single.dispose();
    }
    for (const [key, { data }] of Object.entries(wanted)) {
      const got = first.outputs[key];
      const half = precision === "f16" || got?.dtype === "f16";
      const wrong = difference(got?.values ?? [], data, got?.dtype === "u8" || got?.dtype === "u32", TOLERANCE[half ? "f16" : "f32"]);
      if (wrong !== undefined) return without(`${key} is ${wrong}`);
    }
    const slow = first.ms > SLOW_MS;
    const repeats = slow ? 1 : Math.min(MAX_REPEATS, Math.max(1, Math.ceil(ROUND_MS / Math.max(first.ms, 1e-3))));
    const times: number[] = slow ? [first.ms] : [];
    if (!slow) {
      const trial = await trialOf(device, kernel, problem, variant, repeats, inputs);
      try {
        for (let round = 0; round < ROUNDS; round++) times.push((await trial.run()).ms);
      } finally {
        trial.dispose();
      }
    }
    times.sort((a, b) => a - b);
    const at = (share: number): number => times[Math.round(share * (times.length - 1))] as number;
    const ms = median(times);
    return { ...base, ms, min: at(0), p25: at(0.25), p75: at(0.75), repeats, clock: first.byGpu ? "gpu" : "host", share: flops / ms / 1e6 / attainable };
  } catch (error) {
    if (isFcnError(error) && error.code !== "device-lost") return without(error.message);
    throw error;
  }
}
