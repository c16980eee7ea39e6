/**
 * What an adapter can do at most, by its own measurement: multiply-adds a second in f32 from registers, the same of its tensor cores
 * in f16 where it has them, and bytes a second from one buffer to another. Shares of these are what a kernel's speed is told in; data sheets say nothing of what WebGPU gives.
 */
import type { Device } from "../src/gpu/device.js";
import { BUFFER, MAP_MODE_READ } from "../src/gpu/flags.js";
import { withOlderMatrices } from "../src/gpu/wgsl-edit.js";

export interface Ceilings {
  /** Billions of floating-point operations a second; a multiply-add counts as two. */
  readonly gflops: number;
  /** Billions of bytes a second, read and written together. */
  readonly gbs: number;
  /** Billions of operations a second of subgroup matrices: f16 operands, f32 sums. */
  readonly matrixGflops?: number;
}

const LOOPS = 512;
const SUMS = 16;
/** Independent sums, so that no multiply-add waits for another; by name, so that they are registers on every compiler. */
const names = Array.from({ length: SUMS }, (_, i) => `s${i}`);
const FMA = `
@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let a = 1.0 - f32(id.x & 1023) * 1e-6;
  let b = f32(id.x & 7) * 1e-7;
${names.map((s, i) => `  var ${s} = f32(id.x + ${i}) * 1e-3;`).join("\n")}
  for (var i = 0u; i < ${LOOPS}u; i++) {
${names.map((s) => `    ${s} = ${s} * a + b;`).join("\n")}
  }
  y[id.x % arrayLength(&y)] = ${names.join(" + ")};
}`;
const COPY = `
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i < arrayLength(&y)) { y[i] = x[i]; }
}`;

/** Matrices of 16 x 16 that a subgroup multiplies with each other: 4 x 4 products a turn, whose sums stay in registers. */
const SIDE = 4;
const MATRIX_LOOPS = 256;
const MATRIX_SUBGROUPS = 4;
const MATRIX_GROUPS = 2048;
export const MATRIX = `
enable f16;
enable chromium_experimental_subgroup_matrix;
diagnostic(off, chromium.subgroup_matrix_uniformity);
@group(0) @binding(0) var<storage, read> x: array<f16>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(${32 * MATRIX_SUBGROUPS})
fn main(@builtin(local_invocation_index) thread: u32) {
  let place = thread / 32 * ${SIDE * SIDE * 256};
  var left: array<subgroup_matrix_left<f16, 16, 16>, ${SIDE}>;
  var right: array<subgroup_matrix_right<f16, 16, 16>, ${SIDE}>;
  var sum: array<subgroup_matrix_result<f32, 16, 16>, ${SIDE * SIDE}>;
  for (var i = 0u; i < ${SIDE}; i++) {
    left[i] = subgroupMatrixLoad<subgroup_matrix_left<f16, 16, 16>, row_major>(&x, i * 256, 16);
    right[i] = subgroupMatrixLoad<subgroup_matrix_right<f16, 16, 16>, row_major>(&x, i * 256 + 1024, 16);
  }
  for (var turn = 0u; turn < ${MATRIX_LOOPS}; turn++) {
    for (var i = 0u; i < ${SIDE}; i++) {
      for (var j = 0u; j < ${SIDE}; j++) {
        sum[i * ${SIDE} + j] = subgroupMatrixMultiplyAccumulate(left[i], right[j], sum[i * ${SIDE} + j]);
      }
    }
  }
  for (var s = 0u; s < ${SIDE * SIDE}; s++) {
    subgroupMatrixStore<row_major>(&y, place + s * 256, sum[s], 16);
  }
}`;

/** Rounds at least, and milliseconds of a GPU's rounds at least: its clock rises with the first work. */
const ROUNDS = 5;
const WARM_MS = 500;

/** Milliseconds of a dispatch, of `repeats` in a pass, by the GPU's clock where it has one; the least of some rounds: a ceiling is not a mean. */
async function leastTime(
  device: Device,
  code: string,
  buffers: readonly GPUBuffer[],
  grid: readonly [number, number],
  repeats: number,
): Promise<number> {
  const { gpu } = device;
  const pipeline = await gpu.createComputePipelineAsync({
    layout: "auto",
    compute: { module: gpu.createShaderModule({ code }), entryPoint: "main" },
  });
  const bindGroup = gpu.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  const timed = device.features.has("timestamp-query");
  const querySet = timed ? gpu.createQuerySet({ type: "timestamp", count: 2 }) : undefined;
  const resolved = gpu.createBuffer({ size: 16, usage: BUFFER.QUERY_RESOLVE | BUFFER.COPY_SRC });
  const staging = gpu.createBuffer({ size: 16, usage: BUFFER.MAP_READ | BUFFER.COPY_DST });
  let best = Infinity;
  const began = performance.now();
  for (let round = 0; round < ROUNDS || (!device.software && performance.now() - began < WARM_MS); round++) {
    const encoder = gpu.createCommandEncoder();
    const pass = encoder.beginComputePass(
      querySet ? { timestampWrites: { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 } } : {},
    );
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    for (let i = 0; i < repeats; i++) pass.dispatchWorkgroups(...grid);
    pass.end();
    if (querySet) encoder.resolveQuerySet(querySet, 0, 2, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, 16);
    const start = performance.now();
    gpu.queue.submit([encoder.finish()]);
    await device.settle(staging.mapAsync(MAP_MODE_READ));
    const wall = performance.now() - start;
    const [from, to] = new BigUint64Array(staging.getMappedRange().slice(0));
    staging.unmap();
    best = Math.min(
      best,
      timed && from !== undefined && to !== undefined && to > from ? Number(to - from) / 1e6 : wall,
    );
  }
  for (const resource of [querySet, resolved, staging]) resource?.destroy();
  return best / repeats;
}

export async function measureCeilings(device: Device): Promise<Ceilings> {
  const { gpu, limits, software } = device;
  const groups = software ? 256 : 16384;
  const repeats = software ? 1 : 32; // one dispatch of a GPU is too short for a coarse clock
  const sink = gpu.createBuffer({ size: 1024, usage: BUFFER.STORAGE });
  const fma = await leastTime(device, FMA, [sink], [groups, 1], repeats);
  const bytes = Math.min(
    software ? 32 * 2 ** 20 : 256 * 2 ** 20,
    limits.maxStorageBufferBindingSize,
    limits.maxBufferSize,
  );
  const [x, y] = [0, 1].map(() => gpu.createBuffer({ size: bytes, usage: BUFFER.STORAGE })) as [GPUBuffer, GPUBuffer];
  const workgroups = bytes / 16 / 64;
  const wide = Math.min(workgroups, 32768);
  const copy = await leastTime(device, COPY, [x, y], [wide, Math.ceil(workgroups / wide)], repeats);
  for (const buffer of [sink, x, y]) buffer.destroy();
  const ceilings = { gflops: (groups * 64 * LOOPS * SUMS * 2) / fma / 1e6, gbs: (2 * bytes) / copy / 1e6 };
  if (device.subgroupMatrix === undefined) return ceilings;
  const operands = gpu.createBuffer({ size: SIDE * 2 * 256 * 2, usage: BUFFER.STORAGE });
  const results = gpu.createBuffer({ size: MATRIX_SUBGROUPS * SIDE * SIDE * 256 * 4, usage: BUFFER.STORAGE });
  const matrices = await leastTime(
    device,
    device.subgroupMatrix === "bool" ? withOlderMatrices(MATRIX) : MATRIX,
    [operands, results],
    [MATRIX_GROUPS, 1],
    8,
  );
  for (const buffer of [operands, results]) buffer.destroy();
  return {
    ...ceilings,
    matrixGflops: (MATRIX_GROUPS * MATRIX_SUBGROUPS * MATRIX_LOOPS * SIDE * SIDE * 2 * 16 ** 3) / matrices / 1e6,
  };
}
