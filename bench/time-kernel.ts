/** One variant of a kernel at one problem: its result compared with the reference, then its time. */
import { isFcnError } from "../src/base/errors.js";
import { median } from "../src/base/statistics.js";
import type { Device } from "../src/gpu/device.js";
import { defaultVariant } from "../src/kernel/choice.js";
import type { Kernel } from "../src/kernel/kernel.js";
import type { AnyProblem } from "../src/kernel/problem.js";
import type { HostTensor, KernelCase } from "../src/kernel/registry.js";
import { storedBytes } from "../src/kernel/stored-bytes.js";
import type { AnyVariant } from "../src/kernel/variant.js";
import { trialOf } from "./trial.js";
import type { Trial } from "./trial.js";
import type { Ceilings } from "./ceilings.js";
import { failedKernel } from "./kernel-row.js";
import type { KernelRow, UntimedKernel } from "./kernel-row.js";
import { peakOf } from "./roof.js";
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
  const peakGflops = peakOf({ kernel: job.kernel.name, variant: job.variant }, job.ceilings);
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

function describeVariant(job: VariantJob, peakGflops: number): UntimedKernel {
  const { device, kernel, test, problem, variant, ceilings } = job;
  const precision = declarationOf(job).precision ?? "f32";
  const { flops } = kernel.cost(problem);
  const bytes = storedBytes(kernel, declarationOf(job), problem);
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
