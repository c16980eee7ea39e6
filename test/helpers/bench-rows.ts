/** Small benchmark results for tests. */
import type { KernelRow } from "../../bench/kernel-row.js";
import type { ModelRow } from "../../bench/model-row.js";
import { SCHEMA } from "../../bench/result.js";
import type { BenchResult } from "../../bench/result.js";

export const timedRow: KernelRow = {
  kernel: "conv2d",
  case: "3x3",
  variant: "lanes-8",
  precision: "f32",
  chosen: true,
  flops: 4e9,
  bytes: 1e6,
  ms: 10,
  min: 9,
  p25: 9.5,
  p75: 11,
  repeats: 2,
  clock: "gpu",
  ofCompute: 0.5,
  ofMemory: 0.1,
  share: 0.5,
  bound: "compute",
};

const wrongRow: KernelRow = {
  ...timedRow,
  variant: "naive",
  chosen: false,
  ms: NaN,
  min: NaN,
  p25: NaN,
  p75: NaN,
  share: NaN,
  failed: "y is off",
};

export const modelRow: ModelRow = {
  variant: "fcn32s",
  weights: "w",
  width: 1,
  height: 1,
  precision: "f32",
  batch: 1,
  tune: false,
  load: 1,
  cold: 1,
  warm: 1,
  min: 1,
  max: 1,
  runs: 1,
  upload: 0,
  encode: 0,
  gpu: 1,
  readback: 0,
  script: 0,
  throughput: 1,
  gflop: 1,
  weightBytes: 1,
  planBytes: 1,
  peakRss: 1,
  layers: [],
};

/** One variant that was timed, one whose result was wrong. */
export const result: BenchResult = {
  schema: SCHEMA,
  date: "2026-01-02",
  cpu: "a processor, 2 cores",
  adapter: { name: "adapter", vendor: "v", architecture: "a", description: "d", software: true, subgroupSize: 8 },
  versions: { package: "0.1.0", webgpu: "0.6.2", node: "v20" },
  ceilings: { gflops: 800, gbs: 10 },
  kernels: [timedRow, wrongRow],
};
