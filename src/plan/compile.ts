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
 * Lowers graphs that run one after the other, and compiles their pipelines, which are counted together. When a variant
 * turns out not to compile on this device, lowers again without it. What else `lowerGraphs` gives is kept.
 * @throws limit-too-small, gpu-error, device-lost
 */
export async function compile<Graphs extends { readonly lowered: Lowered }>(
  device: Device,
  lowerGraphs: () => readonly Graphs[],
  onPipeline: OnPipeline | undefined,
): Promise<(Graphs & Compiled)[]> {
  for (;;) {
    const refusedBefore = device.refused.size;
    const graphs = lowerGraphs();
    try {
      return await compileSteps(device, graphs, onPipeline);
    } catch (error) {
      if (device.refused.size === refusedBefore) throw error;
    }
  }
}

async function compileSteps<Graphs extends { readonly lowered: Lowered }>(
  device: Device,
  graphs: readonly Graphs[],
  onPipeline: OnPipeline | undefined,
): Promise<(Graphs & Compiled)[]> {
  const most = device.limits.maxComputeWorkgroupsPerDimension;
  const sized = graphs.map((graph) => {
    checkLimits(device, graph.lowered);
    const grids = graph.lowered.steps.map(({ kernel, variant, problem }) => gridOf(kernel, variant, problem, most));
    return { ...graph, grids };
  });
  const cache = pipelinesOf(device);
  const pending = graphs.map(({ lowered }) =>
    lowered.steps.map(({ kernel, variantName, problem }) => cache.get(kernel, variantName, problem)),
  );
  const distinct = new Set(pending.flat());
  let ready = 0;
  const report = (): void => {
    ready += 1;
    onPipeline?.(ready, distinct.size);
  };
  await Promise.all([...distinct].map((pipeline) => pipeline.then(report)));
  return Promise.all(sized.map(async (graph, i) => ({ ...graph, pipelines: await Promise.all(pending[i] ?? []) })));
}
