/**
 * Software adapters compile a pipeline when it first runs, on a thread of their own. A plan runs one workgroup of each
 * before there are weights, over tensors of zeros, so that they compile while the host reads and packs weights.
 */
import type { Device } from "../gpu/device.js";
import type { Dispatch } from "../gpu/dispatch.js";
import type { Pipeline } from "../gpu/pipelines.js";
import { dispatchOf } from "./bind.js";
import type { Compiled } from "./compile.js";
import type { PlanMemory } from "./memory.js";
import { submitRun } from "./submit.js";

/**
 * Makes the memory of a plan ready for runs. On a software adapter, one workgroup of every pipeline that may run ahead
 * and has not run yet follows.
 */
export function startAhead(device: Device, compiled: Compiled, memory: PlanMemory): void {
  // Bound before textures are zeroed, because lavapipe makes no view while it works.
  const dispatches = compiled.lowered.steps.flatMap(({ variant }, step): Dispatch[] => {
    const pipeline = compiled.pipelines[step] as Pipeline;
    if (!device.software || !variant.ahead || pipeline.started) return [];
    pipeline.started = true;
    return [{ ...dispatchOf(device, compiled, step, memory), grid: [1, 1, 1] }];
  });
  memory.zero();
  if (dispatches.length > 0) submitRun(device, { dispatches }, { before: [] });
}
