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
  const [compiled] = await compileAll(device, () => [{ lowered: lowerGraph() }], onPipeline);
  return compiled as Compiled;
}

/** As compile(), for graphs that run one after the other. Their pipelines are counted together. */
export async function compileAll<Graphs extends { readonly lowered: Lowered }>(
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
  const gridsOf = ({ steps }: Lowered): Extent[] =>
    steps.map(({ kernel, variant, problem }) => gridOf(kernel, variant, problem, most));
  const sized = graphs.map((graph) => {
    checkLimits(device, graph.lowered);
    return { ...graph, grids: gridsOf(graph.lowered) };
  });
  const cache = pipelinesOf(device);
  const pending = graphs.map(({ lowered: { steps } }) =>
    steps.map(({ kernel, variantName, problem }) => cache.get(kernel, variantName, problem)),
  );
  const distinct = new Set(pending.flat());
  let ready = 0;
  const report = (): void => {
    ready += 1;
    onPipeline?.(ready, distinct.size);
  };
  await Promise.all([...distinct].map((pipeline) => pipeline.then(report)));
  return Promise.all(sized.map(async (one, i) => ({ ...one, pipelines: await Promise.all(pending[i] ?? []) })));
}
