/** One variant of a kernel at one problem: its result compared with the reference, then its time. */
import { isFcnError } from "../src/base/errors.js";
import { median } from "../src/base/statistics.js";
import type { Device } from "../src/gpu/device.js";
import { MATRIX_FEATURE } from "../src/gpu/subgroup-matrix.js";
import { defaultVariant, layoutOf } from "../src/kernel/choice.js";
import type { Kernel } from "../src/kernel/kernel.js";
import { layoutNamed } from "../src/kernel/layout.js";
import type { DType } from "../src/kernel/layout.js";
import type { AnyProblem } from "../src/kernel/problem.js";
import type { HostTensor, KernelCase } from "../src/kernel/registry.js";
import { elements } from "../src/kernel/shape.js";
import type { Shape } from "../src/kernel/shape.js";
import type { AnyVariant } from "../src/kernel/variant.js";
import { trialOf } from "./trial.js";
import type { Trial } from "./trial.js";
import type { Ceilings } from "./ceilings.js";
import { failedKernel } from "./kernel-row.js";
import type { KernelRow, UntimedKernel } from "./kernel-row.js";
import { gigaPerSecond } from "./units.js";
import { wrongOutput } from "./verify.js";
import type { Expected } from "./verify.js";

/** GPU time that the repeats of a round should add up to. */
const ROUND_MS = 20;
const ROUNDS = 7;
/** Dispatches in one plan at most; a round of shorter kernels runs the plan several times. */
const MAX_REPEATS = 256;
/** Runs of a round at most: a round also ends where the clock stands still. */
const MAX_RUNS = 100;
/** A single run longer than this is not repeated: on a CPU the naive kernels take seconds. */
const SLOW_MS = 1000;
/** What a run counts for at least: a coarse clock may say 0. */
const LEAST_RUN_MS = 1e-3;

export interface VariantJob {
  readonly device: Device;
  readonly kernel: Kernel;
  readonly test: KernelCase;
  readonly problem: AnyProblem;
  readonly variant: string;
  readonly inputs: Readonly<Record<string, HostTensor>>;
  readonly expected: Expected;
  readonly ceilings: Ceilings;
}

/** Milliseconds of one dispatch in each round, shortest first. */
interface Rounds {
  readonly times: readonly number[];
  /** Dispatches of the round that had the fewest. */
  readonly dispatches: number;
}

/**
 * A row with times; without them, and with the reason, where the result is wrong or the variant fails.
 * @throws device-lost
 */
export async function benchVariant(job: VariantJob): Promise<KernelRow> {
  const peakGflops = peakOf(job);
  const known = describeVariant(job, peakGflops);
  try {
    const first = await firstRun(job);
    const wrong = wrongOutput(first.outputs, job.expected, known.precision);
    if (wrong !== undefined) return failedKernel(known, wrong);
    const { times, dispatches } =
      first.ms > SLOW_MS ? { times: [first.ms], dispatches: 1 } : await timeRounds(job, first.ms);
    const quantile = (share: number): number => times[Math.round(share * (times.length - 1))] as number;
    const ms = median(times);
    const ofCompute = gigaPerSecond(known.flops, ms) / peakGflops;
    const ofMemory = gigaPerSecond(known.bytes, ms) / job.ceilings.gbs;
    return {
      ...known,
      ms,
      min: quantile(0),
      p25: quantile(0.25),
      p75: quantile(0.75),
      repeats: dispatches,
      clock: first.byGpu ? "gpu" : "host",
      ofCompute,
      ofMemory,
      share: Math.max(ofCompute, ofMemory),
    };
  } catch (error) {
    if (isFcnError(error) && error.code !== "device-lost") return failedKernel(known, error.message);
    throw error;
  }
}

const declarationOf = ({ kernel, variant }: VariantJob): AnyVariant => kernel.variants[variant] as AnyVariant;

/** GFLOP/s that the variant could reach: the tensor cores' for variants that use them. */
function peakOf(job: VariantJob): number {
  const { gflops, matrixGflops } = job.ceilings;
  const usesMatrices = declarationOf(job).features?.includes(MATRIX_FEATURE) ?? false;
  return usesMatrices ? (matrixGflops ?? gflops) : gflops;
}

function describeVariant(job: VariantJob, peakGflops: number): UntimedKernel {
  const { device, kernel, test, problem, variant, ceilings } = job;
  const precision = declarationOf(job).precision ?? "f32";
  const { flops, bytes: f32Bytes } = kernel.cost(problem);
  const bytes = precision === "f16" ? storedBytes(job) : f32Bytes;
  return {
    kernel: kernel.name,
    case: test.name,
    variant,
    precision,
    chosen: defaultVariant(kernel, problem, device, precision) === variant,
    flops,
    bytes,
    bound: flops / bytes > peakGflops / ceilings.gbs ? "compute" : "memory",
  };
}

const ELEMENT_BYTES: Readonly<Record<DType, number>> = { f32: 4, u32: 4, f16: 2, u8: 1 };

/** Bytes that a variant which stores f16 must move; the kernel's own count is of f32. */
function storedBytes(job: VariantJob): number {
  const { kernel, problem } = job;
  const declared = declarationOf(job);
  const sizeOf = (shape: Shape | undefined, bytes: number): number => (shape ? elements(shape) * bytes : 0);
  const tensorBytes = (key: string): number => ELEMENT_BYTES[layoutNamed(layoutOf(kernel, declared, key)).dtype];
  const weightBytes = (key: string): number => ELEMENT_BYTES[declared.packing?.[key]?.precision ?? "f32"];
  const inputs = Object.entries(kernel.inputs).map(([key, { role }]) =>
    sizeOf(problem.in[key], role === "tensor" ? tensorBytes(key) : weightBytes(key)),
  );
  const outputs = Object.keys(kernel.outputs).map((key) => sizeOf(problem.out[key], tensorBytes(key)));
  return [...inputs, ...outputs].reduce((sum, bytes) => sum + bytes, 0);
}

/** The second of two single runs: drivers compile during the first. */
async function firstRun({ device, kernel, problem, variant, inputs }: VariantJob): ReturnType<Trial["run"]> {
  const trial = await trialOf(device, { kernel, problem, variant, repeats: 1, data: inputs });
  try {
    await trial.run();
    return await trial.run();
  } finally {
    trial.dispose();
  }
}

async function timeRounds({ device, kernel, problem, variant, inputs }: VariantJob, singleMs: number): Promise<Rounds> {
  const wanted = Math.ceil(ROUND_MS / Math.max(singleMs, LEAST_RUN_MS));
  const repeats = Math.min(MAX_REPEATS, Math.max(1, wanted));
  const trial = await trialOf(device, { kernel, problem, variant, repeats, data: inputs });
  const times: number[] = [];
  let dispatches = Infinity;
  try {
    for (let round = 0; round < ROUNDS; round++) {
      // `repeats` is an estimate: a single dispatch is mostly latency. The round goes on until its time has passed.
      let total = 0;
      let runs = 0;
      while (total < ROUND_MS && runs < MAX_RUNS) {
        total += (await trial.run()).ms * repeats;
        runs++;
      }
      times.push(total / (runs * repeats));
      dispatches = Math.min(dispatches, runs * repeats);
    }
  } finally {
    trial.dispose();
  }
  return { times: times.sort((a, b) => a - b), dispatches };
}
