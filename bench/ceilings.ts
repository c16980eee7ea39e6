/**
 * What an adapter can do at most, by its own measurement: multiply-adds a second in f32 from registers, the same for
 * its tensor cores in f16 where it has them, and bytes a second from one buffer to another. Kernel speed is reported as
 * a fraction of these; data sheets do not say what WebGPU gives.
 */
import type { Device } from "../src/gpu/device.js";
import { BUFFER } from "../src/gpu/flags.js";
import { withOlderMatrices } from "../src/gpu/wgsl-edit.js";
import { ceilDiv } from "../src/kernel/shape.js";
import { leastTime } from "./least-time.js";
import { gigaPerSecond } from "./units.js";

export interface Ceilings {
  /** Billions of floating-point operations a second; a multiply-add counts as two. */
  readonly gflops: number;
  /** Billions of bytes a second, read and written together. */
  readonly gbs: number;
  /** Billions of operations a second of subgroup matrices: f16 operands, f32 sums. */
  readonly matrixGflops?: number;
}

const OPS_PER_FMA = 2;
const WORKGROUP = 64;

/**
 * Independent sums a thread, so that no multiply-add waits for another. Named variables become registers everywhere.
 */
const SUMS = 16;
const FMA_LOOPS = 512;
const names = Array.from({ length: SUMS }, (_, i) => `s${i}`);
const FMA = `
@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let a = 1.0 - f32(id.x & 1023) * 1e-6;
  let b = f32(id.x & 7) * 1e-7;
${names.map((s, i) => `  var ${s} = f32(id.x + ${i}) * 1e-3;`).join("\n")}
  for (var i = 0u; i < ${FMA_LOOPS}u; i++) {
${names.map((s) => `    ${s} = ${s} * a + b;`).join("\n")}
  }
  y[id.x % arrayLength(&y)] = ${names.join(" + ")};
}`;
/** Bytes that FMA writes its sums to, over and over: enough to keep the compiler from leaving them out. */
const SINK_BYTES = 1024;

const VEC4_BYTES = 16;
/** Workgroups in x at most; WebGPU allows 65,535. */
const MAX_GRID_X = 32768;
const COPY = `
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * ${WORKGROUP} + id.x;
  if (i < arrayLength(&y)) { y[i] = x[i]; }
}`;

/** Rows and columns of a subgroup matrix, and its elements. */
const MATRIX_SIZE = 16;
const MATRIX_ELEMENTS = MATRIX_SIZE ** 2;
/** A subgroup holds TILES left and TILES right matrices and the sums of all their products, which stay in registers. */
const TILES = 4;
const PRODUCTS = TILES ** 2;
const MATRIX_LOOPS = 256;
const MATRIX_LANES = 32;
const MATRIX_SUBGROUPS = 4;
const MATRIX_GROUPS = 2048;
const MATRIX_REPEATS = 8;
export const MATRIX = `
enable f16;
enable chromium_experimental_subgroup_matrix;
diagnostic(off, chromium.subgroup_matrix_uniformity);
@group(0) @binding(0) var<storage, read> x: array<f16>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(${MATRIX_LANES * MATRIX_SUBGROUPS})
fn main(@builtin(local_invocation_index) thread: u32) {
  let place = thread / ${MATRIX_LANES} * ${PRODUCTS * MATRIX_ELEMENTS};
  var left: array<subgroup_matrix_left<f16, 16, 16>, ${TILES}>;
  var right: array<subgroup_matrix_right<f16, 16, 16>, ${TILES}>;
  var sum: array<subgroup_matrix_result<f32, 16, 16>, ${PRODUCTS}>;
  for (var i = 0u; i < ${TILES}; i++) {
    left[i] = subgroupMatrixLoad<subgroup_matrix_left<f16, 16, 16>, row_major>(&x, i * 256, 16);
    right[i] = subgroupMatrixLoad<subgroup_matrix_right<f16, 16, 16>, row_major>(&x, i * 256 + 1024, 16);
  }
  for (var turn = 0u; turn < ${MATRIX_LOOPS}; turn++) {
    for (var i = 0u; i < ${TILES}; i++) {
      for (var j = 0u; j < ${TILES}; j++) {
        sum[i * ${TILES} + j] = subgroupMatrixMultiplyAccumulate(left[i], right[j], sum[i * ${TILES} + j]);
      }
    }
  }
  for (var s = 0u; s < ${PRODUCTS}; s++) {
    subgroupMatrixStore<row_major>(&y, place + s * 256, sum[s], 16);
  }
}`;

/** How much work a measurement takes. One dispatch of a GPU is too short for a coarse clock, so a GPU repeats it. */
interface Work {
  readonly fmaGroups: number;
  readonly copyBytes: number;
  readonly repeats: number;
}
const MIB = 2 ** 20;
const SOFTWARE_WORK: Work = { fmaGroups: 256, copyBytes: 32 * MIB, repeats: 1 };
const GPU_WORK: Work = { fmaGroups: 16384, copyBytes: 256 * MIB, repeats: 32 };

async function measureFma(device: Device, { fmaGroups, repeats }: Work): Promise<number> {
  const sink = device.gpu.createBuffer({ size: SINK_BYTES, usage: BUFFER.STORAGE });
  const ms = await leastTime(device, { code: FMA, buffers: [sink], grid: [fmaGroups, 1], repeats });
  sink.destroy();
  return gigaPerSecond(fmaGroups * WORKGROUP * FMA_LOOPS * SUMS * OPS_PER_FMA, ms);
}

async function measureCopy(device: Device, { copyBytes, repeats }: Work): Promise<number> {
  const { gpu, limits } = device;
  const bytes = Math.min(copyBytes, limits.maxStorageBufferBindingSize, limits.maxBufferSize);
  const from = gpu.createBuffer({ size: bytes, usage: BUFFER.STORAGE });
  const to = gpu.createBuffer({ size: bytes, usage: BUFFER.STORAGE });
  const workgroups = bytes / VEC4_BYTES / WORKGROUP;
  const columns = Math.min(workgroups, MAX_GRID_X);
  const grid = [columns, ceilDiv(workgroups, columns)] as const;
  const ms = await leastTime(device, { code: COPY, buffers: [from, to], grid, repeats });
  from.destroy();
  to.destroy();
  return gigaPerSecond(2 * bytes, ms);
}

async function measureMatrices(device: Device): Promise<number> {
  const { gpu, subgroupMatrix } = device;
  const [f16Bytes, f32Bytes] = [2, 4];
  const operands = gpu.createBuffer({ size: TILES * 2 * MATRIX_ELEMENTS * f16Bytes, usage: BUFFER.STORAGE });
  const results = gpu.createBuffer({
    size: MATRIX_SUBGROUPS * PRODUCTS * MATRIX_ELEMENTS * f32Bytes,
    usage: BUFFER.STORAGE,
  });
  const ms = await leastTime(device, {
    code: subgroupMatrix === "bool" ? withOlderMatrices(MATRIX) : MATRIX,
    buffers: [operands, results],
    grid: [MATRIX_GROUPS, 1],
    repeats: MATRIX_REPEATS,
  });
  operands.destroy();
  results.destroy();
  const products = MATRIX_GROUPS * MATRIX_SUBGROUPS * MATRIX_LOOPS * PRODUCTS;
  return gigaPerSecond(products * OPS_PER_FMA * MATRIX_SIZE ** 3, ms);
}

/** Runs each of the two or three measurements for at least half a second on a GPU. */
export async function measureCeilings(device: Device): Promise<Ceilings> {
  const work = device.software ? SOFTWARE_WORK : GPU_WORK;
  const gflops = await measureFma(device, work);
  const gbs = await measureCopy(device, work);
  if (device.subgroupMatrix === undefined) return { gflops, gbs };
  return { gflops, gbs, matrixGflops: await measureMatrices(device) };
}
