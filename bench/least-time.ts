/** The shortest time of one shader, for measuring what an adapter can do at most: a ceiling is not a mean. */
import type { Device } from "../src/gpu/device.js";
import { BUFFER, MAP_MODE_READ } from "../src/gpu/flags.js";

/** At least so many rounds, and on a GPU at least so long: its clock rises with the first work. */
const MIN_ROUNDS = 5;
const WARM_UP_MS = 500;

/** Two timestamps of 64 bits: begin and end of the pass, in nanoseconds. */
const STAMPS = 2;
const STAMP_BYTES = STAMPS * 8;

export interface TimedShader {
  readonly code: string;
  /** Bindings 0, 1, ... of group 0. */
  readonly buffers: readonly GPUBuffer[];
  /** Workgroups in x and y. */
  readonly grid: readonly [number, number];
  /** Dispatches of a round, all in one pass. */
  readonly repeats: number;
}

interface PreparedShader {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
}

/** Where the GPU's clock is read from; no query set means that the host's clock counts. */
interface Stopwatch {
  readonly querySet: GPUQuerySet | undefined;
  readonly resolved: GPUBuffer;
  readonly staging: GPUBuffer;
}

async function prepare({ gpu }: Device, { code, buffers }: TimedShader): Promise<PreparedShader> {
  const pipeline = await gpu.createComputePipelineAsync({
    layout: "auto",
    compute: { module: gpu.createShaderModule({ code }), entryPoint: "main" },
  });
  const bindGroup = gpu.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  return { pipeline, bindGroup };
}

function createStopwatch({ gpu, features }: Device): Stopwatch {
  const querySet = features.has("timestamp-query")
    ? gpu.createQuerySet({ type: "timestamp", count: STAMPS })
    : undefined;
  return {
    querySet,
    resolved: gpu.createBuffer({ size: STAMP_BYTES, usage: BUFFER.QUERY_RESOLVE | BUFFER.COPY_SRC }),
    staging: gpu.createBuffer({ size: STAMP_BYTES, usage: BUFFER.MAP_READ | BUFFER.COPY_DST }),
  };
}

function encodeRound(
  { gpu }: Device,
  { grid, repeats }: TimedShader,
  { pipeline, bindGroup }: PreparedShader,
  { querySet, resolved, staging }: Stopwatch,
): GPUCommandBuffer {
  const encoder = gpu.createCommandEncoder();
  const pass = encoder.beginComputePass(
    querySet ? { timestampWrites: { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 } } : {},
  );
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  for (let i = 0; i < repeats; i++) pass.dispatchWorkgroups(...grid);
  pass.end();
  if (querySet) encoder.resolveQuerySet(querySet, 0, STAMPS, resolved, 0);
  encoder.copyBufferToBuffer(resolved, 0, staging, 0, STAMP_BYTES);
  return encoder.finish();
}

/** Milliseconds of a round, by the GPU's clock where it has one and it ran. */
async function runRound(device: Device, commands: GPUCommandBuffer, stopwatch: Stopwatch): Promise<number> {
  const { querySet, staging } = stopwatch;
  const start = performance.now();
  device.gpu.queue.submit([commands]);
  await device.settle(staging.mapAsync(MAP_MODE_READ));
  const wall = performance.now() - start;
  const [begin = 0n, end = 0n] = new BigUint64Array(staging.getMappedRange().slice(0));
  staging.unmap();
  return querySet && end > begin ? Number(end - begin) / 1e6 : wall;
}

/** Milliseconds of one dispatch in the fastest round. */
export async function leastTime(device: Device, shader: TimedShader): Promise<number> {
  const prepared = await prepare(device, shader);
  const stopwatch = createStopwatch(device);
  let best = Infinity;
  const start = performance.now();
  const isWarmingUp = (): boolean => !device.software && performance.now() - start < WARM_UP_MS;
  for (let round = 0; round < MIN_ROUNDS || isWarmingUp(); round++) {
    const commands = encodeRound(device, shader, prepared, stopwatch);
    best = Math.min(best, await runRound(device, commands, stopwatch));
  }
  stopwatch.querySet?.destroy();
  stopwatch.resolved.destroy();
  stopwatch.staging.destroy();
  return best / shader.repeats;
}
