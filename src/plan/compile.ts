/** Compiles the pipelines of a graph. */
import type { Device } from "../gpu/device.js";
import { gridOf } from "../gpu/dispatch.js";
import { pipelinesOf } from "../gpu/pipelines.js";
import type { Pipeline } from "../gpu/pipelines.js";
import type { Extent } from "../kernel/variant.js";
import type { Lowered } from "./lower.js";
import { checkLimits } from "./memory.js";

export interface Compiled {
  readonly lowered: Lowered;
  /** Workgroups of every step. */
  readonly grids: readonly Extent[];
  /** The pipeline of every step; steps share pipelines. */
  readonly pipelines: readonly Pipeline[];
}

/** Called for each pipeline that is ready, with the number of pipelines that are ready and of all. */
export type OnPipeline = (ready: number, total: number) => void;

/**
 * Lowers the graph and compiles its pipelines. When a variant turns out not to compile on this device, lowers again
 * without it.
 * @throws limit-too-small, gpu-error, device-lost
 */
export async function compile(
  device: Device,
  lowerGraph: () => Lowered,
  onPipeline: OnPipeline | undefined,
): Promise<Compiled> {
  for (;;) {
    const refusedBefore = device.refused.size;
    const lowered = lowerGraph();
    try {
      return await compileSteps(device, lowered, onPipeline);
    } catch (error) {
      if (device.refused.size === refusedBefore) throw error;
    }
  }
}

async function compileSteps(device: Device, lowered: Lowered, onPipeline: OnPipeline | undefined): Promise<Compiled> {
  checkLimits(device, lowered);
  const { steps } = lowered;
  const most = device.limits.maxComputeWorkgroupsPerDimension;
  const grids = steps.map(({ kernel, variant, problem }) => gridOf(kernel, variant, problem, most));
  const cache = pipelinesOf(device);
  const pending = steps.map(({ kernel, variantName, problem }) => cache.get(kernel, variantName, problem));
  const distinct = new Set(pending);
  let ready = 0;
  const report = (): void => {
    ready += 1;
    onPipeline?.(ready, distinct.size);
  };
  await Promise.all([...distinct].map((pipeline) => pipeline.then(report)));
  return { lowered, grids, pipelines: await Promise.all(pending) };
}
