/**
 * One kernel variant at one problem: a small plan that repeats it, timed by the GPU where it can and by the host where it cannot.
 * The tuner and the kernel benchmarks stand on it.
 */
import type { Device } from "../gpu/device.js";
import { layoutOf } from "../kernel/choice.js";
import type { Kernel } from "../kernel/kernel.js";
import { layouts } from "../kernel/layout.js";
import type { DType, HostArray, Nchw } from "../kernel/layout.js";
import type { AnyProblem } from "../kernel/problem.js";
import type { HostTensor } from "../kernel/registry.js";
import { elements } from "../kernel/shape.js";
import type { AnyVariant } from "../kernel/variant.js";
import type { Weight } from "../kernel/weight.js";
import { Graph } from "../plan/graph.js";
import type { Value } from "../plan/graph.js";
import { Plan } from "../plan/plan.js";
import { WeightStore } from "../plan/weight-store.js";

const TIMED = "timed";

export interface TrialOutput {
  readonly values: HostArray;
  /** How they were stored. */
  readonly dtype: DType;
}

export interface Trial {
  /** Milliseconds of one dispatch in this run, all repeats taken together; `byGpu` says whose clock it was. */
  run(): Promise<{
    readonly ms: number;
    readonly byGpu: boolean;
    readonly outputs: Readonly<Record<string, TrialOutput>>;
  }>;
  dispose(): void;
}

/**
 * Dispatches of `variant` in a row; without `data` on zeros.
 * @throws what making the plan throws: limit-too-small, out-of-memory, device-lost
 */
export async function trialOf(
  device: Device,
  kernel: Kernel,
  problem: AnyProblem,
  variant: string,
  repeats: number,
  data: Readonly<Record<string, HostTensor>> = {},
): Promise<Trial> {
  const graph = new Graph();
  const args: Record<string, Value | Weight> = {};
  const inputs: Record<string, Uint8Array> = {};
  for (const [key, { role }] of Object.entries(kernel.inputs)) {
    const shape = problem.in[key];
    if (!shape) continue;
    const values = data[key]?.data ?? new Float32Array(elements(shape));
    if (role === "weight") args[key] = { name: key, shape, read: () => Promise.resolve(Float32Array.from(values)) };
    else {
      const layout = layoutOf(kernel, kernel.variants[variant] as AnyVariant, key);
      // A texture is no input of a graph: such a tensor comes through a conversion, which is not timed.
      const given = layouts[layout].extent ? "nhwc4" : layout;
      args[key] = graph.input(key, shape as Nchw, given);
      inputs[key] = new Uint8Array(layouts[given].pack(values, shape as Nchw));
    }
  }
  // An untimed one first, on GPUs: it waits for the upload of the inputs, and lets the timed ones begin at its end.
  if (!device.software) graph.append("before", kernel, args, problem.attrs);
  for (let i = 0; i < repeats; i++) {
    const results = graph.append(`${TIMED} ${i}`, kernel, args, problem.attrs);
    if (i === repeats - 1) for (const [key, value] of Object.entries(results)) graph.output(key, value);
  }
  const store = new WeightStore(device);
  const stageOf = ({ label }: { readonly label: string }): string => (label.startsWith(TIMED) ? TIMED : "around");
  const plan = await Plan.create(device, graph, store, { [kernel.name]: variant }, { stageOf }).catch(
    (error: unknown) => {
      store.dispose();
      throw error;
    },
  );
  return {
    async run() {
      const { stages, timings, outputs } = await plan.run(inputs);
      const gpu = stages?.get(TIMED);
      const read = [...outputs].map(([key, { layout, bytes, shape }]) => [
        key,
        { values: layouts[layout].unpack(bytes, shape), dtype: layouts[layout].dtype },
      ]);
      return {
        ms: (gpu ?? timings.gpu) / repeats,
        byGpu: gpu !== undefined,
        outputs: Object.fromEntries(read) as Record<string, TrialOutput>,
      };
    },
    dispose() {
      plan.dispose();
      store.dispose();
    },
  };
}

/** Dispatches a run, so that a clock of 100 us (browsers coarsen theirs) still tells variants apart. */
const REPEATS = 8;
const ROUNDS = 3;

/** Milliseconds of one dispatch, the least of some rounds. After a round that is slower than twice `limit` the others are left out. */
export async function measureVariant(
  device: Device,
  kernel: Kernel,
  problem: AnyProblem,
  variant: string,
  limit: number,
): Promise<number> {
  const trial = await trialOf(device, kernel, problem, variant, REPEATS);
  try {
    await trial.run(); // pays for what the first run alone pays
    let best = Infinity;
    for (let round = 0; round < ROUNDS && (round === 0 || best < 2 * limit); round++)
      best = Math.min(best, (await trial.run()).ms);
    return best;
  } finally {
    trial.dispose();
  }
}
