/**
 * A graph made ready to run: one arena for the activations, every pipeline and bind group built, one uniform buffer, and for
 * every run that may be in flight one staging buffer per output. `run()` creates nothing on the device: it uploads the inputs, encodes a flat list of dispatches
 * in one compute pass, copies the outputs to their staging buffers and submits once.
 */
import { FcnError } from "../base/errors.js";
import { badOption } from "../base/options.js";
import type { Device } from "../gpu/device.js";
import { gridOf } from "../gpu/dispatch.js";
import { MAP_MODE_READ } from "../gpu/flags.js";
import { bindingOf, encodeCopy, readStaging } from "../gpu/memory.js";
import type { Memory } from "../gpu/memory.js";
import { pipelinesOf } from "../gpu/pipelines.js";
import type { Pipeline } from "../gpu/pipelines.js";
import type { VariantChoice, VariantPick } from "../kernel/choice.js";
import type { LayoutName, Nchw } from "../kernel/layout.js";
import { plainPacking } from "../kernel/packings.js";
import type { Extent, Precision } from "../kernel/variant.js";
import type { Graph } from "./graph.js";
import { lower } from "./lower.js";
import type { Lowered, Step } from "./lower.js";
import { allocate, checkLimits } from "./memory.js";
import type { Output, Owned } from "./memory.js";
import { StageTimer } from "./stage-timer.js";
import type { WeightStore } from "./weight-store.js";

interface Dispatch {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly grid: Extent;
}

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
  /** Names the stage a step belongs to; the GPU time of each stage is then measured, where the device has timestamps. */
  readonly stageOf?: ((step: Step) => string) | undefined;
  /** Called for each pipeline that the plan needs and has, compiled for it or before. */
  readonly onPipeline?: ((ready: number, total: number) => void) | undefined;
  /**
   * Runs in flight at once (default 1): with 2, the GPU works on one while the host reads the last and uploads the next. Costs
   * a staging buffer per output each; 1 where stages are timed.
   */
  readonly inFlight?: number;
  /** Gives up between two weights, or before memory is taken; weights that are loaded stay in the store. */
  readonly signal?: AbortSignal | undefined;
}

export interface PlanResult {
  readonly outputs: ReadonlyMap<
    string,
    { readonly bytes: ArrayBuffer; readonly shape: Nchw; readonly layout: LayoutName; readonly memory: Memory }
  >;
  readonly timings: RunTimings;
  /** Milliseconds of GPU time by stage, if the plan was made with stages and the device has timestamps. */
  readonly stages?: ReadonlyMap<string, number>;
}

export class Plan {
  /** The last run of every set of staging buffers. */
  readonly #slots: Promise<unknown>[];
  #next = 0;
  #disposed = false;

  private constructor(
    readonly device: Device,
    /** What runs, in order: for profiles and `doctor`. */
    readonly steps: readonly Step[],
    /** Bytes of GPU memory: arena, inputs, staging, uniforms; weights belong to the model. */
    readonly bytes: number,
    private readonly dispatches: readonly Dispatch[],
    private readonly inputs: ReadonlyMap<string, { buffer: GPUBuffer; bytes: number }>,
    private readonly outputs: ReadonlyMap<string, Output>,
    private readonly owned: Owned,
    private readonly timer: StageTimer | undefined,
    inFlight: number,
  ) {
    this.#slots = Array.from({ length: inFlight }, () => Promise.resolve());
  }

  static async create(
    device: Device,
    graph: Graph,
    store: WeightStore,
    choice?: VariantChoice | VariantPick,
    { stageOf, onPipeline, precision, inFlight = 1, signal }: PlanOptions = {},
  ): Promise<Plan> {
    device.check();
    if (!Number.isInteger(inFlight) || inFlight < 1)
      throw badOption(`inFlight must be a whole number of 1 or more, got ${inFlight}`);
    const { lowered, grids, pipelines } = await prepare(
      device,
      () => lower(graph, device, choice, precision),
      onPipeline,
    );
    const weights = new Map<string, Memory>();
    for (const [i, step] of lowered.steps.entries()) {
      for (const [key, weight] of Object.entries(step.weights)) {
        signal?.throwIfAborted();
        weights.set(`${i} ${key}`, await store.get(weight, step.variant.packing?.[key] ?? plainPacking, step.problem));
      }
    }
    signal?.throwIfAborted();
    const owned: Owned = [];
    try {
      return await device.scoped("plan", () => {
        const slots = stageOf ? 1 : inFlight;
        const memory = allocate(device, lowered, owned, slots);
        const dispatches = lowered.steps.map((step, i): Dispatch => {
          const compiled = pipelines[i] as Pipeline;
          const resources: GPUBindingResource[] = [];
          for (const key of Object.keys(step.kernel.inputs)) {
            const tensor = step.tensors[key];
            const weight = weights.get(`${i} ${key}`);
            const place = tensor ? memory.place(tensor) : (weight ?? memory.absent(step, key));
            resources.push(bindingOf(place));
          }
          for (const key of Object.keys(step.kernel.outputs)) {
            const tensor = step.outputs[key];
            resources.push(bindingOf(tensor ? memory.place(tensor) : memory.absent(step, key)));
          }
          resources.push(memory.params(i));
          const entries = resources.map((resource, binding) => ({ binding, resource }));
          const bindGroup = device.gpu.createBindGroup({ label: step.label, layout: compiled.bindings, entries });
          return { pipeline: compiled.pipeline, bindGroup, grid: grids[i] as Extent };
        });
        const timer = stageOf && StageTimer.create(device, lowered.steps.map(stageOf), owned);
        return new Plan(
          device,
          lowered.steps,
          memory.bytes(),
          dispatches,
          memory.inputs,
          memory.outputs,
          owned,
          timer,
          slots,
        );
      });
    } catch (error) {
      for (const resource of owned) resource.destroy();
      throw error;
    }
  }

  /** Runs once; calls beyond `inFlight` are queued. `inputs` are bytes in the layout that the graph declared for each input. */
  run(inputs: Readonly<Record<string, ArrayBufferView>>): Promise<PlanResult> {
    // Asked here and not when its turn comes: what was accepted runs, and dispose() waits for it.
    if (this.#disposed) return Promise.reject(new FcnError("disposed", "this plan was disposed; make a new one"));
    const slot = this.#next++ % this.#slots.length;
    const result = (this.#slots[slot] as Promise<unknown>).then(() => this.#run(inputs, slot));
    this.#slots[slot] = result.catch(() => undefined);
    return result;
  }

  async #run(inputs: Readonly<Record<string, ArrayBufferView>>, slot: number): Promise<PlanResult> {
    this.device.check();
    const { gpu } = this.device;
    const t0 = performance.now();
    for (const [name, { buffer, bytes }] of this.inputs) {
      const data = inputs[name];
      if (data?.byteLength !== bytes) {
        throw new FcnError(
          "bad-shape",
          `plan: input "${name}" needs ${bytes} bytes, got ${data?.byteLength ?? "none"}`,
        );
      }
      gpu.queue.writeBuffer(buffer, 0, data.buffer, data.byteOffset, data.byteLength);
    }
    const t1 = performance.now();
    const encoder = gpu.createCommandEncoder();
    for (const { from, to, descriptor } of this.timer?.passes ?? [
      { from: 0, to: this.dispatches.length, descriptor: {} },
    ]) {
      const pass = encoder.beginComputePass(descriptor);
      for (let i = from; i < to; i++) {
        const { pipeline, bindGroup, grid } = this.dispatches[i] as Dispatch;
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, bindGroup);
        pass.dispatchWorkgroups(grid[0], grid[1], grid[2]);
      }
      pass.end();
    }
    this.timer?.encode(encoder);
    const outputs = [...this.outputs].map(([name, { staging, ...output }]) => ({
      name,
      ...output,
      staging: staging[slot] as GPUBuffer,
    }));
    for (const { source, staging } of outputs) encodeCopy(encoder, source, staging);
    gpu.queue.submit([encoder.finish()]);
    const t2 = performance.now();
    const readable = [...outputs.map(({ staging }) => staging), ...(this.timer ? [this.timer.staging] : [])];
    try {
      await this.device.settle(Promise.all(readable.map((staging) => staging.mapAsync(MAP_MODE_READ))));
    } catch (error) {
      // An error that WebGPU reported meanwhile must not leave them mapped: the next run copies into them.
      for (const staging of readable) staging.unmap();
      throw error;
    }
    const t3 = performance.now();
    const read = outputs.map(({ name, staging, source, shape, layout }) => {
      const bytes = readStaging(source, staging.getMappedRange());
      staging.unmap();
      return [name, { bytes, shape, layout, memory: source }] as const;
    });
    const timings = { upload: t1 - t0, encode: t2 - t1, gpu: t3 - t2, readback: performance.now() - t3 };
    return { outputs: new Map(read), timings, ...(this.timer ? { stages: this.timer.read() } : {}) };
  }

  /** Frees the plan's buffers once the runs in flight have ended. Idempotent. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    void Promise.all(this.#slots).then(() => this.owned.forEach((resource) => resource.destroy()));
  }
}

interface Prepared {
  readonly lowered: Lowered;
  readonly grids: readonly Extent[];
  readonly pipelines: readonly Pipeline[];
}

/** Compiles what the graph was lowered to; where a variant turns out not to compile here, lowers again without it. */
async function prepare(
  device: Device,
  lowerGraph: () => Lowered,
  onPipeline: PlanOptions["onPipeline"],
): Promise<Prepared> {
  for (;;) {
    const refused = device.refused.size;
    const lowered = lowerGraph();
    checkLimits(device, lowered);
    const grids = lowered.steps.map((s) =>
      gridOf(s.kernel, s.variant, s.problem, device.limits.maxComputeWorkgroupsPerDimension),
    );
    const pending = lowered.steps.map((s) => pipelinesOf(device).get(s.kernel, s.variantName, s.problem));
    const distinct = new Set(pending);
    let ready = 0;
    try {
      await Promise.all([...distinct].map((pipeline) => pipeline.then(() => onPipeline?.(++ready, distinct.size))));
      return { lowered, grids, pipelines: await Promise.all(pending) };
    } catch (error) {
      if (device.refused.size === refused) throw error;
    }
  }
}
