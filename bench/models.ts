/**
 * Whole networks, from RGBA8 pixels in memory to labels in memory: every time includes the upload of the picture and
 * the readback of the labels.
 */
import { defined } from "../src/base/defined.js";
import { FcnError } from "../src/base/errors.js";
import { median } from "../src/base/statistics.js";
import { loadFcn, requestDevice } from "../src/node.js";
import type { Fcn, NodePicture, Picture } from "../src/node.js";
import { failedRow } from "./model-row.js";
import type { ModelRow, ModelTask } from "./model-row.js";
import { variantTotals } from "./roof.js";

/** Time that warm runs may take together, and how many there are at least and at most. */
const WARM_MS = 4000;
const MIN_RUNS = 5;
const MAX_RUNS = 50;
/** Time that pictures in a row should take together, and how many calls there are at least and at most. */
const STREAM_MS = 2000;
const MIN_STREAM = 4;
const MAX_STREAM = 2000;
/** Time that a process which only tunes may measure. */
const TUNING_MS = 10_000;
/** Height of the second size, over that of the first. */
const NEXT_SIZE = 1.25;
/** Layers that a row keeps. */
const KEPT_LAYERS = 12;

/** The parts of a warm call in milliseconds; `total` is their sum. */
type CallTimes = Pick<ModelRow, "upload" | "encode" | "gpu" | "readback" | "script"> & { readonly total: number };

/** A picture whose bytes differ from each other: content does not change the time. */
const testPicture = (width: number, height: number): Picture => ({
  width,
  height,
  data: new Uint8Array(width * height * 4).map((_, i) => (i * 37) & 255),
});

/** Measures in this process; call it in a fresh one, so that the first call is cold and the memory is its own. */
export async function measureModel(task: ModelTask): Promise<ModelRow> {
  const { variant, weights, width, height, batch, tune } = task;
  const start = performance.now();
  const fcn = await openNetwork(task);
  const loaded = performance.now();
  const pictures = Array.from({ length: batch }, () => testPicture(width, height));
  const ready = performance.now();
  await fcn.segmentBatch(pictures);
  const cold = performance.now() - ready;
  if (task.tuneOnly) return failedRow(task, "only tuned");
  const warm = await measureWarm(fcn, pictures);
  const { memory, precision } = fcn; // "auto" has become "f32" or "f16"
  const throughput = await measureThroughput(fcn, pictures, warm.warm);
  const peakRss = process.resourceUsage().maxRSS * 1024;
  const layers = (await fcn.profile(pictures[0] as Picture)) ?? [];
  const next = await measureNextSize(fcn, width, height);
  fcn.dispose();
  return {
    variant,
    weights,
    width,
    height,
    precision,
    batch,
    tune,
    load: loaded - start,
    cold,
    next,
    ...warm,
    throughput,
    gflop: layers.reduce((sum, { flops }) => sum + flops, 0) / 1e9,
    weightBytes: memory.weights,
    planBytes: memory.plans,
    peakRss,
    layers: [...layers].sort((a, b) => b.ms - a.ms).slice(0, KEPT_LAYERS),
    totals: variantTotals(layers),
  };
}

/** The first picture of another size: a plan is made, and pipelines that the first size did not need are compiled. */
async function measureNextSize(fcn: Fcn<NodePicture>, width: number, height: number): Promise<number> {
  const picture = testPicture(width, Math.ceil(height * NEXT_SIZE));
  const start = performance.now();
  await fcn.segment(picture);
  return performance.now() - start;
}

async function openNetwork({
  variant,
  precision,
  tune,
  tuneOnly,
  path,
  adapter,
}: ModelTask): Promise<Fcn<NodePicture>> {
  const device = await requestDevice(defined({ adapter }));
  // Choices that were remembered from other days would make results of one build differ.
  const choice = tuneOnly ? TUNING_MS : tune ? undefined : false;
  return loadFcn({ device, variant, precision, resize: "none", ...defined({ weights: path, tune: choice }) });
}

type WarmTimes = Pick<ModelRow, "warm" | "min" | "max" | "runs" | "upload" | "encode" | "gpu" | "readback" | "script">;

async function measureWarm(fcn: Fcn<NodePicture>, pictures: readonly Picture[]): Promise<WarmTimes> {
  const calls: CallTimes[] = [];
  const start = performance.now();
  const hasTime = (): boolean => calls.length < MAX_RUNS && performance.now() - start < WARM_MS;
  while (calls.length < MIN_RUNS || hasTime()) calls.push(await timeCall(fcn, pictures));
  const medianOf = (part: keyof CallTimes): number => median(calls.map((call) => call[part]));
  const totals = calls.map(({ total }) => total);
  return {
    warm: medianOf("total"),
    min: Math.min(...totals),
    max: Math.max(...totals),
    runs: calls.length,
    upload: medianOf("upload"),
    encode: medianOf("encode"),
    gpu: medianOf("gpu"),
    readback: medianOf("readback"),
    script: medianOf("script"),
  };
}

async function timeCall(fcn: Fcn<NodePicture>, pictures: readonly Picture[]): Promise<CallTimes> {
  const start = performance.now();
  const [first] = await fcn.segmentBatch(pictures);
  const total = performance.now() - start;
  const { upload = 0, encode = 0, gpu = 0, readback = 0 } = first?.timings ?? {};
  return { total, upload, encode, gpu, readback, script: total - upload - encode - gpu - readback };
}

/** Pictures a second: single pictures with several in flight, batches one after the other. */
async function measureThroughput(fcn: Fcn<NodePicture>, pictures: readonly Picture[], callMs: number): Promise<number> {
  const calls = Math.max(MIN_STREAM, Math.min(MAX_STREAM, Math.round(STREAM_MS / callMs)));
  const [picture] = pictures as readonly [Picture];
  const start = performance.now();
  if (pictures.length > 1) {
    for (let i = 0; i < calls; i++) await fcn.segmentBatch(pictures);
  } else {
    for await (const { width } of fcn.segmentAll(Array.from({ length: calls }, () => picture))) {
      if (width !== picture.width)
        throw new FcnError("gpu-error", `bench: a result is ${width} pixels wide, its picture ${picture.width}`);
    }
  }
  return (1000 * calls * pictures.length) / (performance.now() - start);
}
