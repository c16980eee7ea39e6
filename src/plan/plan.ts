/**
 * A graph that is ready to run: one arena for the activations, every pipeline and bind group built, one uniform buffer,
 * and one staging buffer per output for every run that may be in flight. `run()` creates nothing on the device. It
 * uploads the inputs, encodes a flat list of dispatches, copies the outputs to their staging buffers and submits. A GPU
 * gets the first dispatches early, so that it works while the rest is encoded.
 */
import { FcnError } from "../base/errors.js";
import { checkCount } from "../base/options.js";
import type { Device } from "../gpu/device.js";
import { encodeDispatch } from "../gpu/dispatch.js";
import type { Dispatch } from "../gpu/dispatch.js";
import { MAP_MODE_READ } from "../gpu/flags.js";
import { encodeCopy, readStaging } from "../gpu/memory.js";
import type { Memory } from "../gpu/memory.js";
import type { VariantChoice, VariantPick } from "../kernel/choice.js";
import type { BaseLayoutName } from "../kernel/layout.js";
import type { Nchw } from "../kernel/shape.js";
import type { Precision } from "../kernel/variant.js";
import { dispatchesOf, loadWeights } from "./bind.js";
import { compile } from "./compile.js";
import type { OnPipeline } from "./compile.js";
import type { Graph } from "./graph.js";
import { lower } from "./lower.js";
import type { Step } from "./lower.js";
import { PlanMemory } from "./memory.js";
import type { Owned, StagedOutput } from "./memory.js";
import { StageTimer } from "./stage-timer.js";
import type { TimedPass } from "./stage-timer.js";
import type { WeightStore } from "./weight-store.js";

/** Milliseconds on the host's clock. `gpu` is from submit until the results can be read. */
export interface RunTimings {
  readonly upload: number;
  readonly encode: number;
  readonly gpu: number;
  readonly readback: number;
}

export interface PlanOptions {
  /** How activations and weights are stored between kernels. Default f32. */
  readonly precision?: Precision | undefined;
  /** Names the stage of a step. With it, runs measure the GPU time of each stage, where the device has timestamps. */
  readonly stageOf?: ((step: Step) => string) | undefined;
  /** Called for each pipeline of the plan that is ready, whether it was compiled now or before. */
  readonly onPipeline?: OnPipeline | undefined;
  /**
   * Runs in flight at once (default 1). With 2, the GPU works on one while the host reads the last and uploads the
   * next. Each costs a staging buffer per output. Always 1 where stages are timed.
   */
  readonly inFlight?: number;
  /** Gives up between two weights, or before memory is allocated. Weights that are loaded stay in the store. */
  readonly signal?: AbortSignal | undefined;
}

export interface PlanResult {
  readonly outputs: ReadonlyMap<
    string,
    { readonly bytes: ArrayBuffer; readonly shape: Nchw; readonly layout: BaseLayoutName; readonly memory: Memory }
  >;
  readonly timings: RunTimings;
  /** Milliseconds of GPU time by stage, if the plan was made with stages and the device has timestamps. */
  readonly stages?: ReadonlyMap<string, number>;
}

type Inputs = Readonly<Record<string, ArrayBufferView>>;

interface PlanParts {
  readonly device: Device;
  readonly steps: readonly Step[];
  readonly dispatches: readonly Dispatch[];
  readonly memory: PlanMemory;
  readonly owned: Owned;
  readonly timer: StageTimer | undefined;
  readonly inFlight: number;
}

/**
 * Dispatches that a GPU gets before the rest is encoded. They take it longer than encoding takes the host: a ResNet has
 * some hundred, which take the host half a millisecond.
 */
const EARLY_DISPATCHES = 12;

export class Plan {
  readonly device: Device;
  /** What runs, in order: for profiles and `doctor`. */
  readonly steps: readonly Step[];
  /** Bytes of GPU memory: arena, inputs, staging, uniforms. Weights belong to the model. */
  readonly bytes: number;
  readonly #parts: PlanParts;
  /** The last run of every set of staging buffers. */
  readonly #lastRuns: Promise<unknown>[];
  #runs = 0;
  #disposed = false;

  private constructor(parts: PlanParts) {
    this.device = parts.device;
    this.steps = parts.steps;
    this.bytes = parts.memory.bytes;
    this.#parts = parts;
    this.#lastRuns = Array.from({ length: parts.inFlight }, () => Promise.resolve());
  }

  /**
   * Chooses variants, compiles pipelines, loads weights and allocates memory.
   * @throws bad-option, bad-weights, limit-too-small, out-of-memory, gpu-error, device-lost, the signal's reason
   */
  static async create(
    device: Device,
    graph: Graph,
    store: WeightStore,
    choice?: VariantChoice | VariantPick,
    options: PlanOptions = {},
  ): Promise<Plan> {
    const { stageOf, onPipeline, precision, inFlight = 1, signal } = options;
    device.check();
    checkCount("inFlight", inFlight);
    const compiled = await compile(device, () => lower(graph, device, choice, precision), onPipeline);
    const { steps } = compiled.lowered;
    const weights = await loadWeights(steps, store, signal);
    signal?.throwIfAborted();
    const owned: Owned = [];
    try {
      return await device.scoped("plan", () => {
        const slots = stageOf ? 1 : inFlight;
        const memory = new PlanMemory(device, compiled.lowered, owned, slots);
        const dispatches = dispatchesOf(device, compiled, memory, weights);
        const timer = stageOf && StageTimer.create(device, steps.map(stageOf), owned);
        return new Plan({ device, steps, dispatches, memory, owned, timer, inFlight: slots });
      });
    } catch (error) {
      for (const resource of owned) resource.destroy();
      throw error;
    }
  }

  /**
   * Runs once; calls beyond `inFlight` are queued. `inputs` are bytes in the layout that the graph declared for each
   * input.
   * @throws bad-shape when an input has the wrong size; disposed, device-lost, gpu-error
   */
  run(inputs: Inputs): Promise<PlanResult> {
    // Checked here and not when the run starts: a run that was accepted ends, and dispose() waits for it.
    if (this.#disposed) return Promise.reject(new FcnError("disposed", "this plan was disposed; make a new one"));
    const slot = this.#runs % this.#lastRuns.length;
    this.#runs += 1;
    const previous = this.#lastRuns[slot] as Promise<unknown>;
    const result = previous.then(() => this.#run(inputs, slot));
    this.#lastRuns[slot] = result.catch(() => undefined);
    return result;
  }

  async #run(inputs: Inputs, slot: number): Promise<PlanResult> {
    this.device.check();
    const { memory, timer } = this.#parts;
    const t0 = performance.now();
    this.#upload(inputs);
    const t1 = performance.now();
    this.#submit(slot);
    const t2 = performance.now();
    await this.#mapStaging(slot);
    const t3 = performance.now();
    const outputs = new Map([...memory.outputs].map(([name, output]) => [name, readOutput(output, slot)]));
    const timings = { upload: t1 - t0, encode: t2 - t1, gpu: t3 - t2, readback: performance.now() - t3 };
    return timer ? { outputs, timings, stages: timer.read() } : { outputs, timings };
  }

  #upload(inputs: Inputs): void {
    for (const [name, { buffer, bytes }] of this.#parts.memory.inputs) {
      const data = inputs[name];
      if (data?.byteLength !== bytes) {
        const got = data?.byteLength ?? "none";
        throw new FcnError("bad-shape", `plan: input "${name}" needs ${bytes} bytes, got ${got}`);
      }
      this.device.gpu.queue.writeBuffer(buffer, 0, data.buffer, data.byteOffset, data.byteLength);
    }
  }

  #submit(slot: number): void {
    const { dispatches, memory, timer } = this.#parts;
    const { gpu, software } = this.device;
    const count = dispatches.length;
    // A software adapter encodes on the cores that it computes on, and stages are timed as one piece of work.
    const isSplit = !software && !timer && count > 2 * EARLY_DISPATCHES;
    const early = isSplit ? EARLY_DISPATCHES : 0;
    if (isSplit) {
      const encoder = gpu.createCommandEncoder();
      this.#encodePass(encoder, { from: 0, to: early, descriptor: {} });
      gpu.queue.submit([encoder.finish()]);
    }
    const encoder = gpu.createCommandEncoder();
    for (const pass of timer?.passes ?? [{ from: early, to: count, descriptor: {} }]) this.#encodePass(encoder, pass);
    timer?.encode(encoder);
    for (const { source, staging } of memory.outputs.values()) {
      encodeCopy(encoder, source, staging[slot] as GPUBuffer);
    }
    gpu.queue.submit([encoder.finish()]);
  }

  #encodePass(encoder: GPUCommandEncoder, { from, to, descriptor }: Omit<TimedPass, "stage">): void {
    const pass = encoder.beginComputePass(descriptor);
    for (let i = from; i < to; i++) encodeDispatch(pass, this.#parts.dispatches[i] as Dispatch);
    pass.end();
  }

  async #mapStaging(slot: number): Promise<void> {
    const { memory, timer } = this.#parts;
    const buffers = [...memory.outputs.values()].map(({ staging }) => staging[slot] as GPUBuffer);
    if (timer) buffers.push(timer.staging);
    try {
      await this.device.settle(Promise.all(buffers.map((buffer) => buffer.mapAsync(MAP_MODE_READ))));
    } catch (error) {
      // The next run copies into these buffers, so an error of WebGPU must not leave them mapped.
      for (const buffer of buffers) buffer.unmap();
      throw error;
    }
  }

  /** Frees the plan's memory when the runs in flight have ended. Idempotent. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    void Promise.all(this.#lastRuns).then(() => this.#parts.owned.forEach((resource) => resource.destroy()));
  }
}

function readOutput({ staging, source, shape, layout }: StagedOutput, slot: number) {
  const buffer = staging[slot] as GPUBuffer;
  const bytes = readStaging(source, buffer.getMappedRange());
  buffer.unmap();
  return { bytes, shape, layout, memory: source };
}
