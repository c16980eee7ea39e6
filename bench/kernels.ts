/**
 * Every variant of every kernel at the shapes of ResNet-101 and the decoders: first the result is compared with the float64
 * reference, then the time is taken. A variant whose result is wrong gets no time.
 */
import { registry } from "../shaders/index.js";
import { isFcnError } from "../src/base/errors.js";
import { median } from "../src/base/statistics.js";
import type { Device } from "../src/gpu/device.js";
import { MATRIX_FEATURE } from "../src/gpu/subgroup-matrix.js";
import { defaultVariant, layoutOf, usableVariants } from "../src/kernel/choice.js";
import { makeProblem } from "../src/kernel/kernel.js";
import type { Kernel } from "../src/kernel/kernel.js";
import { layouts } from "../src/kernel/layout.js";
import type { DType } from "../src/kernel/layout.js";
import type { AnyProblem } from "../src/kernel/problem.js";
import type { HostTensor, KernelCase, RegistryEntry } from "../src/kernel/registry.js";
import { elements } from "../src/kernel/shape.js";
import type { Shape } from "../src/kernel/shape.js";
import type { Precision, AnyVariant } from "../src/kernel/variant.js";
import { trialOf } from "../src/tuning/measure-variant.js";
import { rivalsOf } from "../src/tuning/tuner.js";
import type { Ceilings } from "./ceilings.js";
import { difference, inputsOf } from "./verify.js";

/** GPU time that the repeats of a round should add up to. */
const ROUND_MS = 20;
const ROUNDS = 7;
/** In one plan; a round of shorter kernels runs it several times. */
const MAX_REPEATS = 256;
/** So that a clock that stands still ends too. */
const MAX_RUNS = 100;
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
  /** Of the ceiling of operations (its tensor cores' for variants that use them) and of that of bytes; `share` is of the one that binds. */
  readonly ofCompute: number;
  readonly ofMemory: number;
  readonly share: number;
  readonly bound: "compute" | "memory";
  /** Why there is no time: the result was wrong, or the variant failed. */
  readonly failed?: string;
}

export interface KernelBenchOptions {
  /** Rows whose "kernel case variant" contains this. */
  readonly filter?: string;
  readonly ceilings: Ceilings;
  readonly onRow?: (row: KernelRow) => void;
  /** Kernels to run; default: all. */
  readonly entries?: readonly RegistryEntry[];
}

export async function benchKernels(
  device: Device,
  { filter = "", ceilings, onRow, entries = registry }: KernelBenchOptions,
): Promise<KernelRow[]> {
  const rows: KernelRow[] = [];
  for (const entry of entries) {
    for (const test of entry.cases.filter(({ bench }) => bench)) {
      if (test.gpuOnly && device.software) continue;
      const problem = makeProblem(entry.kernel, test.shapes, test.attrs);
      const variants = usableVariants(entry.kernel, problem, device).filter((v) =>
        `${entry.kernel.name} ${test.name} ${v}`.includes(filter),
      );
      if (variants.length === 0) continue;
      const inputs = inputsOf(test);
      const part = test.part?.(inputs);
      const wanted: Wanted = {
        values: entry.reference(part?.inputs ?? inputs, problem.attrs),
        ...(part && { places: part.places }),
      };
      const own: KernelRow[] = [];
      for (const variant of variants) {
        const row = await benchVariant(device, entry, test, variant, inputs, wanted, ceilings);
        own.push(row);
        onRow?.(row);
      }
      rows.push(
        ...(device.software
          ? own
          : markFastest(own, (precision) => rivalsOf(entry.kernel, problem, device, precision))),
      );
    }
  }
  return rows;
}

/** What networks take on a GPU is not what seems likely but what the tuner measures to be the fastest of its rivals. */
export function markFastest(
  rows: readonly KernelRow[],
  rivals: (precision: Precision) => readonly string[],
): KernelRow[] {
  const chosen = (["f32", "f16"] as const).map((precision) => {
    const names = rivals(precision);
    const timed = rows.filter((row) => row.precision === precision && names.includes(row.variant) && row.ms > 0);
    return timed.length > 1
      ? timed.reduce((best, row) => (row.ms < best.ms ? row : best))
      : rows.find((row) => row.precision === precision && row.chosen);
  });
  return rows.map((row) => ({ ...row, chosen: chosen.includes(row) }));
}

interface Wanted {
  readonly values: Readonly<Record<string, HostTensor>>;
  /** Where in the outputs they lie, when they are some of them. */
  readonly places?: Readonly<Record<string, readonly number[]>>;
}

/** Bytes that a variant which stores f16 must move: the kernel's own count is of f32. */
function storedBytes(kernel: Kernel, variant: AnyVariant, problem: AnyProblem): number {
  const size = (shape: Shape | undefined, bytes: number): number => (shape ? elements(shape) * bytes : 0);
  const bytesOf = (key: string): number => WIDTHS[layouts[layoutOf(kernel, variant, key)].dtype];
  const inputs = Object.entries(kernel.inputs).map(([key, { role }]) =>
    size(problem.in[key], role === "tensor" ? bytesOf(key) : variant.packing?.[key]?.precision === "f16" ? 2 : 4),
  );
  const outputs = Object.keys(kernel.outputs).map((key) => size(problem.out[key], bytesOf(key)));
  return [...inputs, ...outputs].reduce((a, b) => a + b, 0);
}

const WIDTHS: Readonly<Record<DType, number>> = { f32: 4, u32: 4, f16: 2, u8: 1 };

async function benchVariant(
  device: Device,
  { kernel }: RegistryEntry,
  test: KernelCase,
  variant: string,
  inputs: Readonly<Record<string, HostTensor>>,
  wanted: Wanted,
  ceilings: Ceilings,
): Promise<KernelRow> {
  const problem = makeProblem(kernel, test.shapes, test.attrs);
  const declared = kernel.variants[variant] as AnyVariant;
  const precision = declared.precision ?? "f32";
  const { flops, bytes: wide } = kernel.cost(problem);
  const bytes = precision === "f16" ? storedBytes(kernel, declared, problem) : wide;
  const gflops = (declared.features?.includes(MATRIX_FEATURE) ? ceilings.matrixGflops : undefined) ?? ceilings.gflops;
  const bound = flops / bytes > gflops / ceilings.gbs ? "compute" : "memory";
  const chosen = defaultVariant(kernel, problem, device, precision) === variant;
  const base = { kernel: kernel.name, case: test.name, variant, precision, chosen, flops, bytes, bound } as const;
  const without = (failed: string): KernelRow => ({
    ...base,
    ms: NaN,
    min: NaN,
    p25: NaN,
    p75: NaN,
    repeats: 0,
    clock: "gpu",
    ofCompute: NaN,
    ofMemory: NaN,
    share: NaN,
    failed,
  });
  try {
    const single = await trialOf(device, kernel, problem, variant, 1, inputs);
    let first: Awaited<ReturnType<typeof single.run>>;
    try {
      await single.run(); // drivers compile with the first run
      first = await single.run();
    } finally {
      single.dispose();
    }
    for (const [key, { data }] of Object.entries(wanted.values)) {
      const got = first.outputs[key];
      const values = wanted.places?.[key]?.map((place) => got?.values[place] as number) ?? got?.values ?? [];
      const half = precision === "f16" || got?.dtype === "f16";
      const wrong = difference(
        values,
        data,
        got?.dtype === "u8" || got?.dtype === "u32",
        TOLERANCE[half ? "f16" : "f32"],
      );
      if (wrong !== undefined) return without(`${key} is ${wrong}`);
    }
    const slow = first.ms > SLOW_MS;
    const repeats = slow ? 1 : Math.min(MAX_REPEATS, Math.max(1, Math.ceil(ROUND_MS / Math.max(first.ms, 1e-3))));
    const times: number[] = slow ? [first.ms] : [];
    let dispatches = slow ? 1 : Infinity;
    if (!slow) {
      const trial = await trialOf(device, kernel, problem, variant, repeats, inputs);
      try {
        for (let round = 0; round < ROUNDS; round++) {
          // As often as it takes: one dispatch alone is mostly latency, and says little of how many a round needs.
          let [sum, runs] = [0, 0];
          while (sum < ROUND_MS && runs < MAX_RUNS) {
            sum += (await trial.run()).ms * repeats;
            runs++;
          }
          times.push(sum / (runs * repeats));
          dispatches = Math.min(dispatches, runs * repeats);
        }
      } finally {
        trial.dispose();
      }
    }
    times.sort((a, b) => a - b);
    const at = (share: number): number => times[Math.round(share * (times.length - 1))] as number;
    const ms = median(times);
    const [ofCompute, ofMemory] = [flops / ms / 1e6 / gflops, bytes / ms / 1e6 / ceilings.gbs];
    const shares = { ofCompute, ofMemory, share: Math.max(ofCompute, ofMemory) };
    return {
      ...base,
      ms,
      min: at(0),
      p25: at(0.25),
      p75: at(0.75),
      repeats: dispatches,
      clock: first.byGpu ? "gpu" : "host",
      ...shares,
    };
  } catch (error) {
    if (isFcnError(error) && error.code !== "device-lost") return without(error.message);
    throw error;
  }
}
