/**
 * Whole networks, from RGBA8 pixels in memory to labels in memory: every number counts the picture's upload and the labels' readback.
 * Each is measured in a process of its own, so that "cold" is cold and memory is its own.
 */
import { spawn } from "node:child_process";
import { FcnError } from "../src/base/errors.js";
import { median } from "../src/base/statistics.js";
import type { LayerTime } from "../src/models/layer-times.js";
import type { PrecisionOption } from "../src/models/precision.js";
import { loadFcn, requestDevice } from "../src/node.js";
import type { Fcn, NodePicture, Picture, NetworkVariant } from "../src/node.js";

export interface ModelTask {
  readonly variant: NetworkVariant;
  /** What to call the weights, and where they are; no path means the default checkpoint. */
  readonly weights: string;
  readonly path?: string;
  readonly width: number;
  readonly height: number;
  readonly precision: PrecisionOption;
  readonly batch: number;
  readonly adapter?: string;
  readonly tune: boolean;
  /** Only find and keep the kernel variants to use, so that the process that measures finds them. */
  readonly tuneOnly?: boolean;
}

export interface ModelRow extends Omit<ModelTask, "path" | "adapter" | "tuneOnly"> {
  /** Milliseconds. Load: checkpoint opened, device open. Cold: the first call, with weights uploaded and pipelines compiled, driver caches off, variants chosen before. */
  readonly load: number;
  readonly cold: number;
  /** One call of `batch` pictures: median, least and most of `runs`. */
  readonly warm: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
  /** Parts of a warm call, medians: host to queue, encoding, GPU (until results can be read), reading, and what else JavaScript does. */
  readonly upload: number;
  readonly encode: number;
  readonly gpu: number;
  readonly readback: number;
  readonly script: number;
  /** Pictures a second: with several in flight, or in batches. */
  readonly throughput: number;
  readonly gflop: number;
  readonly weightBytes: number;
  readonly planBytes: number;
  /** Bytes of the process at its largest. */
  readonly peakRss: number;
  /** Slowest layers of one picture first, at most 12; empty without timestamps. */
  readonly layers: readonly LayerTime[];
  /** Why nothing was measured. */
  readonly failed?: string;
}

/** Time that warm runs may take together, and how many there are at least and at most. */
const WARM_MS = 4000;
const MIN_RUNS = 5;
const MAX_RUNS = 50;
/** Time that pictures in a row should take together, and how many there are at least and at most. */
const STREAM_MS = 2000;
const MIN_STREAM = 4;
const MAX_STREAM = 2000;
/** Longer than any network takes, tuning and naive kernels included. */
const TIMEOUT_MS = 30 * 60_000;

const noise = (width: number, height: number): Picture => ({
  width,
  height,
  data: new Uint8Array(width * height * 4).map((_, i) => (i * 37) & 255),
});

/** Measures in this process; call it in a fresh one. */
export async function measureModel(task: ModelTask): Promise<ModelRow> {
  const { variant, path, width, height, batch, adapter, tune } = task;
  const start = performance.now();
  const device = await requestDevice(adapter === undefined ? {} : { adapter });
  const fcn = await loadFcn({
    device,
    variant,
    precision: task.precision,
    tune,
    resize: "none",
    ...(path === undefined ? {} : { weights: path }),
  });
  const loaded = performance.now();
  const pictures = Array.from({ length: batch }, () => noise(width, height));
  await fcn.segmentBatch(pictures);
  const cold = performance.now() - loaded;
  if (task.tuneOnly) return failedRow(task, "only tuned");
  const calls: { total: number; upload: number; encode: number; gpu: number; readback: number; script: number }[] = [];
  const warmStart = performance.now();
  while (calls.length < MIN_RUNS || (calls.length < MAX_RUNS && performance.now() - warmStart < WARM_MS)) {
    const begin = performance.now();
    const [first] = await fcn.segmentBatch(pictures);
    const total = performance.now() - begin;
    const { upload = 0, encode = 0, gpu = 0, readback = 0 } = first?.timings ?? {};
    calls.push({ total, upload, encode, gpu, readback, script: total - upload - encode - gpu - readback });
  }
  const of = (key: keyof (typeof calls)[number]): number => median(calls.map((call) => call[key]));
  const totals = calls.map(({ total }) => total);
  const { memory, precision } = fcn; // what "auto" is here
  const throughput = await stream(
    fcn,
    pictures,
    Math.max(MIN_STREAM, Math.min(MAX_STREAM, Math.round(STREAM_MS / of("total")))),
  );
  const peakRss = process.resourceUsage().maxRSS * 1024;
  const profile = (await fcn.profile(pictures[0] as Picture)) ?? [];
  fcn.dispose();
  return {
    variant,
    weights: task.weights,
    width,
    height,
    precision,
    batch,
    tune,
    load: loaded - start,
    cold,
    warm: of("total"),
    min: Math.min(...totals),
    max: Math.max(...totals),
    runs: calls.length,
    upload: of("upload"),
    encode: of("encode"),
    gpu: of("gpu"),
    readback: of("readback"),
    script: of("script"),
    throughput,
    gflop: profile.reduce((sum, { flops }) => sum + flops, 0) / 1e9,
    weightBytes: memory.weights,
    planBytes: memory.plans,
    peakRss,
    layers: [...profile].sort((a, b) => b.ms - a.ms).slice(0, 12),
  };
}

/** Pictures a second over `calls` calls: single pictures with several in flight, batches one after the other. */
async function stream(fcn: Fcn<NodePicture>, pictures: readonly Picture[], calls: number): Promise<number> {
  const start = performance.now();
  if (pictures.length > 1) for (let i = 0; i < calls; i++) await fcn.segmentBatch(pictures);
  else {
    const [{ width }] = pictures as readonly [Picture];
    for await (const result of fcn.segmentAll(Array.from({ length: calls }, () => pictures[0] as Picture)))
      if (result.width !== width) throw new FcnError("gpu-error", "bench: a result of another size came back");
  }
  return (1000 * calls * pictures.length) / (performance.now() - start);
}

/** A row for a network that could not be measured: the others still can. */
export function failedRow(
  { variant, weights, width, height, precision, batch, tune }: ModelTask,
  failed: string,
): ModelRow {
  const nothing = {
    load: NaN,
    cold: NaN,
    warm: NaN,
    min: NaN,
    max: NaN,
    upload: NaN,
    encode: NaN,
    gpu: NaN,
    readback: NaN,
    script: NaN,
    throughput: NaN,
    gflop: NaN,
    weightBytes: NaN,
    planBytes: NaN,
    peakRss: NaN,
  };
  return { variant, weights, width, height, precision, batch, tune, ...nothing, runs: 0, layers: [], failed };
}

/** Has the program at `main` measure in a process of its own, with the drivers' shader caches off (Mesa's, NVIDIA's). @throws gpu-error with what that process said */
export function measureApart(main: string, task: ModelTask): Promise<ModelRow> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, "bench", "model", JSON.stringify(task)], {
      env: { ...process.env, MESA_SHADER_CACHE_DISABLE: "true", __GL_SHADER_DISK_CACHE: "0" },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: TIMEOUT_MS,
    });
    let out = "";
    let errors = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(JSON.parse(out) as ModelRow);
      else {
        const said =
          errors
            .trim()
            .split("\n")
            .filter((line) => line.startsWith("fcn: "))
            .at(-1)
            ?.slice(5) ?? errors.trim().split("\n").at(-1);
        reject(
          new FcnError(
            "gpu-error",
            `bench: measuring ${task.variant} at ${task.width}x${task.height} failed: ${said || `the process ended with ${String(code)}`}`,
          ),
        );
      }
    });
  });
}
