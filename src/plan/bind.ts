/** Binds the memory of a plan to its dispatches. */
import { bindGroupEntries, slotsOf } from "../gpu/bindings.js";
import type { Device } from "../gpu/device.js";
import type { Dispatch } from "../gpu/dispatch.js";
import type { Memory } from "../gpu/memory.js";
import type { Pipeline } from "../gpu/pipelines.js";
import { plainPacking } from "../kernel/packings.js";
import type { Extent } from "../kernel/variant.js";
import type { Compiled } from "./compile.js";
import type { Step } from "./lower.js";
import type { PlanMemory } from "./memory.js";
import type { WeightStore } from "./weight-store.js";

/** For every step, its weights on the GPU by input key. */
type StepWeights = readonly ReadonlyMap<string, Memory>[];

/** Bytes of weights that wait for a software adapter: each is in memory twice until it has compiled (ahead.ts). */
const MOST_WAITING = 96 * 2 ** 20;

/** Reads, packs and uploads what the store does not have yet. @throws bad-weights, device-lost, the signal's reason */
export async function loadWeights(
  steps: readonly Step[],
  store: WeightStore,
  signal: AbortSignal | undefined,
): Promise<StepWeights> {
  const { device } = store;
  const loaded: Map<string, Memory>[] = [];
  let arrived = store.bytes;
  for (const { weights, variant, problem } of steps) {
    const ofStep = new Map<string, Memory>();
    for (const [key, weight] of Object.entries(weights)) {
      signal?.throwIfAborted();
      ofStep.set(key, await store.get(weight, variant.packing?.[key] ?? plainPacking, problem));
      if (!device.software || store.bytes - arrived < MOST_WAITING) continue;
      await device.settle(device.gpu.queue.onSubmittedWorkDone());
      arrived = store.bytes;
    }
    loaded.push(ofStep);
  }
  return loaded;
}

/** The dispatch of a step. Without `weights`, they are absent. */
export function dispatchOf(
  device: Device,
  { lowered, pipelines, grids }: Compiled,
  step: number,
  memory: PlanMemory,
  weights?: ReadonlyMap<string, Memory>,
): Dispatch {
  const { kernel, variant, tensors, outputs, label } = lowered.steps[step] as Step;
  const { pipeline, bindings } = pipelines[step] as Pipeline;
  const entries = bindGroupEntries(
    slotsOf(kernel, variant),
    (slot) => {
      const tensor = slot.access === "input" ? tensors[slot.key] : outputs[slot.key];
      if (tensor) return memory.of(tensor);
      return weights?.get(slot.key) ?? memory.dummies.get(slot);
    },
    memory.uniforms(step),
  );
  const bindGroup = device.gpu.createBindGroup({ label, layout: bindings, entries });
  return { pipeline, bindGroup, grid: grids[step] as Extent };
}

export const dispatchesOf = (
  device: Device,
  compiled: Compiled,
  memory: PlanMemory,
  weights: StepWeights,
): Dispatch[] => compiled.lowered.steps.map((_, step) => dispatchOf(device, compiled, step, memory, weights[step]));
