/**
 * A graph that is ready to run: one arena for the activations, every pipeline and bind group built, one uniform buffer,
 * and one staging buffer per output for every run that may be in flight. `run()` creates nothing on the device. It
 * uploads the inputs, encodes a flat list of dispatches, copies the outputs to their staging buffers and submits.
 * `runToTensors()` copies them to new tensors instead, which other plans take as inputs.
 */
import { FcnError, badOption } from "../base/errors.js";
import type { Device } from "../gpu/device.js";
import type { Dispatch } from "../gpu/dispatch.js";
import { MAP_MODE_READ } from "../gpu/flags.js";
import { encodeCopy, encodeTransfer, readStaging } from "../gpu/memory.js";
import { Tensor } from "../gpu/tensor.js";
import type { VariantChoice, VariantPick } from "../kernel/choice.js";
import { startAhead } from "./ahead.js";
import { dispatchesOf, loadWeights } from "./bind.js";
import { compile } from "./compile.js";
import type { Compiled } from "./compile.js";
import type { Graph } from "./graph.js";
import { writeInputs } from "./inputs.js";
import type { DeclaredInput, PlanInputs } from "./inputs.js";
import { lower } from "./lower.js";
import type { Step } from "./lower.js";
import { PlanMemory } from "./memory.js";
import type { Owned, StagedOutput } from "./memory.js";
import type { PlanOptions, PlanResult } from "./plan-options.js";
import { importStageTimer } from "./stages/import-stage-timer.js";
import type { TimesStages } from "./stages/stages.js";
import { submitRun } from "./submit.js";
import type { WeightStore } from "./weight-store.js";

/** When results of a device could be read last: the GPU works on one run after the other. */
const lastReads = new WeakMap<Device, number>();

interface PlanParts {
  readonly device: Device;
  readonly steps: readonly Step[];
  readonly dispatches: readonly Dispatch[];
  readonly memory: PlanMemory;
  readonly owned: Owned;
  readonly timer: TimesStages | undefined;
  readonly inFlight: number;
  readonly readback: boolean;
}

/** A graph that is ready to run on a device. Callers of the library get one that checks what it is given. */
export class Plan {
  /** Where it runs. */
  readonly device: Device;
  /** Inputs as the graph declares them. @internal */
  protected readonly declared: ReadonlyMap<string, DeclaredInput>;
  /** What runs, in order: for profiles and `doctor`. */
  readonly steps: readonly Step[];
  /** Bytes of GPU memory: arena, inputs, staging, uniforms. Weights belong to the model. */
  readonly bytes: number;
  readonly #parts: PlanParts;
  /** The last run of every set of staging buffers. */
  readonly #lastRuns: Promise<unknown>[];
  #runs = 0;
  #disposed = false;

  /** @internal */
  protected constructor(parts: PlanParts) {
    this.device = parts.device;
    this.steps = parts.steps;
    this.bytes = parts.memory.bytes;
    this.declared = parts.memory.inputs;
    this.#parts = parts;
    this.#lastRuns = Array.from({ length: parts.inFlight }, () => Promise.resolve());
  }

  /**
   * Chooses variants, compiles pipelines, allocates memory and loads weights.
   * @throws bad-option, bad-weights, limit-too-small, out-of-memory, gpu-error, device-lost, the signal's reason
   */
  static async create(
    device: Device,
    graph: Graph,
    store: WeightStore,
    choice?: VariantChoice | VariantPick,
    options: PlanOptions = {},
  ): Promise<Plan> {
    device.check();
    const { stageOf, onPipeline, precision, inFlight = 1, readback = true, signal } = options;
    const lowerGraph = () => [{ lowered: lower(graph, device, choice, precision) }];
    const [compiled] = (await compile(device, lowerGraph, onPipeline)) as [Compiled];
    const { steps } = compiled.lowered;
    const slots = stageOf ? 1 : inFlight;
    const owned: Owned = [];
    try {
      // Before the weights, because the device zeroes textures while the host reads and packs weights.
      const memory = await device.scoped("plan", () => {
        const made = new PlanMemory(device, compiled.lowered, owned, readback ? slots : 0);
        startAhead(device, compiled, made);
        return made;
      });
      const weights = await loadWeights(steps, store, signal);
      const timing = stageOf && device.features.has("timestamp-query") ? await importStageTimer() : undefined;
      signal?.throwIfAborted();
      return await device.scoped("plan", () => {
        const dispatches = dispatchesOf(device, compiled, memory, weights);
        const timer = stageOf && timing?.StageTimer.create(device, steps.map(stageOf), owned);
        return new this({ device, steps, dispatches, memory, owned, timer, inFlight: slots, readback });
      });
    } catch (error) {
      for (const resource of owned) resource.destroy();
      throw error;
    }
  }

  /**
   * Runs once and brings the outputs to the host; calls beyond `inFlight` are queued. `inputs` are bytes in the layout
   * that the graph declared for each input, or tensors of that layout.
   * @throws bad-shape when an input does not fit; disposed, device-lost, gpu-error; bad-option with `readback: false`
   */
  async run(inputs: PlanInputs): Promise<PlanResult> {
    if (!this.#parts.readback)
      throw badOption(
        "plan: it was made with readback: false and cannot bring outputs to the host; call runToTensors()",
      );
    return this.#enqueue((slot) => this.#run(inputs, slot));
  }

  /**
   * Runs once, in turn with other runs, and leaves the outputs on the GPU: tensors by the names of the outputs, which
   * the caller disposes of. They go into other plans as inputs. Resolves when they are computed.
   * @throws bad-shape when an input does not fit; limit-too-small, out-of-memory, disposed, device-lost, gpu-error
   */
  runToTensors(inputs: PlanInputs): Promise<ReadonlyMap<string, Tensor>> {
    return this.#enqueue(() => this.#runToTensors(inputs));
  }

  #enqueue<T>(work: (slot: number) => Promise<T>): Promise<T> {
    // Checked here and not when the run starts: a run that was accepted ends, and dispose() waits for it.
    if (this.#disposed) return Promise.reject(new FcnError("disposed", "this plan was disposed; make a new one"));
    const slot = this.#runs % this.#lastRuns.length;
    this.#runs += 1;
    const previous = this.#lastRuns[slot] as Promise<unknown>;
    const result = previous.then(() => work(slot));
    this.#lastRuns[slot] = result.catch(() => undefined);
    return result;
  }

  async #run(inputs: PlanInputs, slot: number): Promise<PlanResult> {
    this.device.check();
    const { memory, timer } = this.#parts;
    const t0 = performance.now();
    const before = writeInputs(this.device, memory.inputs, inputs);
    const t1 = performance.now();
    const after = (encoder: GPUCommandEncoder): void => {
      for (const { source, staging } of memory.outputs.values())
        encodeCopy(encoder, source, staging[slot] as GPUBuffer);
    };
    submitRun(this.device, this.#parts, { before, after });
    const t2 = performance.now();
    await this.#mapStaging(slot);
    const t3 = performance.now();
    const outputs = new Map([...memory.outputs].map(([name, output]) => [name, readOutput(output, slot)]));
    const gpu = t3 - Math.max(t2, lastReads.get(this.device) ?? 0);
    lastReads.set(this.device, t3);
    const timings = { upload: t1 - t0, encode: t2 - t1, gpu, readback: performance.now() - t3 };
    return timer ? { outputs, timings, stages: timer.read() } : { outputs, timings };
  }

  async #runToTensors(inputs: PlanInputs): Promise<ReadonlyMap<string, Tensor>> {
    const { device } = this;
    const { outputs, inputs: declared } = this.#parts.memory;
    const tensors = new Map<string, Tensor>();
    try {
      for (const [label, { shape, layout }] of outputs)
        tensors.set(label, await Tensor.empty(device, shape, { layout, label }));
      const before = writeInputs(device, declared, inputs);
      const after = (encoder: GPUCommandEncoder): void => {
        for (const [name, { memory }] of tensors)
          encodeTransfer(encoder, (outputs.get(name) as StagedOutput).source, memory);
      };
      submitRun(device, this.#parts, { before, after });
      await device.settle(device.gpu.queue.onSubmittedWorkDone());
      return tensors;
    } catch (error) {
      for (const tensor of tensors.values()) tensor.dispose();
      throw error;
    }
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
