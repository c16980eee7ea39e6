/**
 * The time of one kernel variant at one problem: a small plan that repeats it, on zeros, timed by the GPU where it can and by
 * the host where it cannot.
 */
import type { Device } from "./device.js";
import { Graph } from "./graph.js";
import type { Value, Weight } from "./graph.js";
import { layoutOf } from "./kernel.js";
import type { AnyProblem, Kernel, Variant } from "./kernel.js";
import { layouts } from "./layout.js";
import type { Nchw } from "./layout.js";
import { Plan } from "./plan.js";
import { WeightStore } from "./weight-store.js";

/** Dispatches a run, so that a clock of 100 us (browsers coarsen theirs) still tells variants apart. */
const REPEATS = 8;
const ROUNDS = 3;

const zeros = (name: string, shape: readonly number[]): Weight => ({
  name,
  shape,
  read: () => Promise.resolve(new Float32Array(shape.reduce((a, b) => a * b, 1))),
});

/**
 * Milliseconds of one dispatch, the least of some rounds. After a round that is slower than twice `limit` the others are left out.
 * @throws what making the plan throws: limit-too-small, out-of-memory, device-lost
 */
export async function measureVariant(device: Device, kernel: Kernel, problem: AnyProblem, variant: string, limit: number): Promise<number> {
  const graph = new Graph();
  const args: Record<string, Value | Weight> = {};
  const inputs: Record<string, Uint8Array> = {};
  for (const [key, { role }] of Object.entries(kernel.inputs)) {
    const shape = problem.in[key];
    if (!shape) continue;
    if (role === "weight") args[key] = zeros(key, shape);
    else {
      const layout = layoutOf(kernel, kernel.variants[variant] as Variant<AnyProblem>, key);
      // A texture is no input of a graph: such a tensor comes through a conversion, which is not timed.
      const given = layouts[layout].extent ? "nhwc4" : layout;
      args[key] = graph.input(key, shape as Nchw, given);
      inputs[key] = new Uint8Array(layouts[given].byteSize(shape as Nchw));
    }
  }
  for (let i = 0; i < REPEATS; i++) {
    const results = graph.append(`${TIMED} ${i}`, kernel, args, problem.attrs);
    if (i === REPEATS - 1) for (const [key, value] of Object.entries(results)) graph.output(key, value);
  }
  const store = new WeightStore(device);
  const plan = await Plan.create(device, graph, store, { [kernel.name]: variant }, { stageOf: ({ label }) => (label.startsWith(TIMED) ? TIMED : "around") }).catch((error: unknown) => {
    store.dispose();
    throw error;
  });
  try {
    await plan.run(inputs); // pays for what the first run alone pays
    let best = Infinity;
    for (let round = 0; round < ROUNDS && (round === 0 || best < 2 * limit); round++) {
      const { stages, timings } = await plan.run(inputs);
      best = Math.min(best, (stages?.get(TIMED) ?? timings.gpu) / REPEATS);
    }
    return best;
  } finally {
    plan.dispose();
    store.dispose();
  }
}

const TIMED = "timed";
