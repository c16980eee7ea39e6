/**
 * Times one kernel variant on one problem and returns what it computed: a small plan repeats it. The GPU's clock is
 * used where the device has timestamps, the host's clock elsewhere.
 */
import type { Device } from "../src/gpu/device.js";
import { layoutOf } from "../src/kernel/choice.js";
import type { Kernel } from "../src/kernel/kernel.js";
import { layoutNamed } from "../src/kernel/layout.js";
import type { DType, HostArray } from "../src/kernel/layout.js";
import type { AnyProblem } from "../src/kernel/problem.js";
import type { HostTensor } from "../src/kernel/registry.js";
import { elements } from "../src/kernel/shape.js";
import type { Nchw } from "../src/kernel/shape.js";
import type { AnyVariant } from "../src/kernel/variant.js";
import type { Weight } from "../src/kernel/weight.js";
import { Graph } from "../src/plan/graph.js";
import type { Value } from "../src/plan/graph.js";
import { Plan } from "../src/plan/plan.js";
import { WeightStore } from "../src/plan/weight-store.js";

/** Stage of the dispatches that are timed, and of those before them. */
const TIMED = "timed";
const UNTIMED = "around";

export interface TrialOutput {
  readonly values: HostArray;
  /** How the values were stored. */
  readonly dtype: DType;
}

export interface TrialRun {
  /** Milliseconds of one dispatch: the time of all repeats, divided by their number. */
  readonly ms: number;
  /** Whether the GPU's clock was used. */
  readonly byGpu: boolean;
  readonly outputs: Readonly<Record<string, TrialOutput>>;
}

export interface Trial {
  run(): Promise<TrialRun>;
  dispose(): void;
}

/** What to time. */
export interface TrialRequest {
  readonly kernel: Kernel;
  readonly problem: AnyProblem;
  /** Name of the variant. */
  readonly variant: string;
  /** Dispatches in a run, one after the other. */
  readonly repeats: number;
  /** Values of the operands. Default: zeros. */
  readonly data?: Readonly<Record<string, HostTensor>>;
}

interface TrialGraph {
  readonly graph: Graph;
  /** Bytes of the plan's inputs. */
  readonly inputs: Readonly<Record<string, Uint8Array>>;
}

/** @throws what Plan.create throws: limit-too-small, out-of-memory, device-lost */
export async function trialOf(device: Device, request: TrialRequest): Promise<Trial> {
  const { kernel, variant, repeats } = request;
  const { graph, inputs } = trialGraph(device, request);
  const store = new WeightStore(device);
  const stageOf = ({ label }: { readonly label: string }): string => (label.startsWith(TIMED) ? TIMED : UNTIMED);
  let plan: Plan;
  try {
    plan = await Plan.create(device, graph, store, { [kernel.name]: variant }, { stageOf });
  } catch (error) {
    store.dispose();
    throw error;
  }
  return {
    async run() {
      const { stages, timings, outputs } = await plan.run(inputs);
      const gpuMs = stages?.get(TIMED);
      const read: Record<string, TrialOutput> = {};
      for (const [key, { layout, bytes, shape }] of outputs) {
        read[key] = { values: layoutNamed(layout).unpack(bytes, shape), dtype: layoutNamed(layout).dtype };
      }
      return { ms: (gpuMs ?? timings.gpu) / repeats, byGpu: gpuMs !== undefined, outputs: read };
    },
    dispose() {
      plan.dispose();
      store.dispose();
    },
  };
}

function trialGraph(device: Device, { kernel, problem, variant, repeats, data = {} }: TrialRequest): TrialGraph {
  const graph = new Graph();
  const args: Record<string, Value | Weight> = {};
  const inputs: Record<string, Uint8Array> = {};
  for (const [key, { role }] of Object.entries(kernel.inputs)) {
    const shape = problem.in[key];
    if (!shape) continue;
    const values = data[key]?.data ?? new Float32Array(elements(shape));
    if (role === "weight") {
      args[key] = { name: key, shape, read: () => Promise.resolve(Float32Array.from(values)) };
      continue;
    }
    const read = layoutOf(kernel, kernel.variants[variant] as AnyVariant, key);
    // A texture cannot be an input of a graph. The plan converts a buffer to it, which is not timed.
    const layout = layoutNamed(read).extent ? "nhwc4" : read;
    args[key] = graph.input(key, shape as Nchw, layout);
    inputs[key] = new Uint8Array(layoutNamed(layout).pack(values, shape as Nchw));
  }
  // On GPUs, an untimed dispatch first: it waits for the upload of the inputs, and the timed ones start when it ends.
  if (!device.software) graph.append("before", kernel, args, problem.attrs);
  for (let i = 0; i < repeats; i++) {
    const results = graph.append(`${TIMED} ${i}`, kernel, args, problem.attrs);
    const isLast = i === repeats - 1;
    if (isLast) for (const [key, value] of Object.entries(results)) graph.output(key, value);
  }
  return { graph, inputs };
}
