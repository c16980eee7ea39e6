/**
 * A graph made ready to run: one arena for the activations, every pipeline and bind group built, one uniform buffer, one
 * staging buffer per output. `run()` creates nothing on the device: it uploads the inputs, encodes a flat list of dispatches
 * in one compute pass, copies the outputs to their staging buffers and submits once.
 */
import { planArena } from "./arena.js";
import type { Device } from "./device.js";
import { gridOf, packParams } from "./dispatch.js";
import { FcnError } from "./errors.js";
import { BUFFER, MAP_MODE_READ } from "./gpu-flags.js";
import type { Graph } from "./graph.js";
import { layoutOf } from "./kernel.js";
import type { Extent } from "./kernel.js";
import { layouts } from "./layout.js";
import type { LayoutName, Nchw } from "./layout.js";
import { lower } from "./lower.js";
import type { Lowered, Physical, Step, VariantChoice } from "./lower.js";
import { bindingOf, checkFits, createTexture, destroy, encodeCopy, readStaging, stagingSize } from "./memory.js";
import type { Memory } from "./memory.js";
import { pipelinesOf } from "./pipelines.js";
import { alignUp } from "./shape.js";
import { StageTimer } from "./stage-timer.js";
import { plainPacking } from "./weight-store.js";
import type { WeightStore } from "./weight-store.js";

interface Dispatch {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly grid: Extent;
}

interface Output {
  readonly source: Memory;
  readonly staging: GPUBuffer;
  readonly shape: Nchw;
  readonly layout: LayoutName;
}

/** Milliseconds on the host's clock. `gpu` is from submit until the results can be read. */
export interface RunTimings {
  readonly upload: number;
  readonly encode: number;
  readonly gpu: number;
  readonly readback: number;
}

export interface PlanOptions {
  /** Names the stage a step belongs to; the GPU time of each stage is then measured, where the device has timestamps. */
  readonly stageOf?: ((step: Step) => string) | undefined;
}

export interface PlanResult {
  readonly outputs: ReadonlyMap<string, { readonly bytes: ArrayBuffer; readonly shape: Nchw; readonly layout: LayoutName }>;
  readonly timings: RunTimings;
  /** Milliseconds of GPU time by stage, if the plan was made with stages and the device has timestamps. */
  readonly stages?: ReadonlyMap<string, number>;
}

export class Plan {
  #queue: Promise<unknown> = Promise.resolve();
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
  ) {}

  static async create(device: Device, graph: Graph, store: WeightStore, choice?: VariantChoice, { stageOf }: PlanOptions = {}): Promise<Plan> {
    device.check();
    const lowered = lower(graph, device, choice);
    checkLimits(device, lowered);
    const grids = lowered.steps.map((s) => gridOf(s.kernel, s.variant, s.problem, device.limits.maxComputeWorkgroupsPerDimension));
    const cache = pipelinesOf(device);
    const pipelines = await Promise.all(lowered.steps.map((s) => cache.get(s.kernel, s.variantName, s.problem)));
    const weights = new Map<string, Memory>();
    for (const [i, step] of lowered.steps.entries()) {
      for (const [key, weight] of Object.entries(step.weights)) {
        weights.set(`${i} ${key}`, await store.get(weight, step.variant.packing?.[key] ?? plainPacking, step.problem));
      }
    }
    const owned: Owned = [];
    try {
      return await device.scoped("plan", () => {
        const memory = allocate(device, lowered, owned);
        const dispatches = lowered.steps.map((step, i): Dispatch => {
          const compiled = pipelines[i] as Awaited<ReturnType<typeof cache.get>>;
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
        return new Plan(device, lowered.steps, memory.bytes(), dispatches, memory.inputs, memory.outputs, owned, timer);
      });
    } catch (error) {
      for (const resource of owned) resource.destroy();
      throw error;
    }
  }

  /** Runs once; calls are queued. `inputs` are bytes in the layout that the graph declared for each input. */
  run(inputs: Readonly<Record<string, ArrayBufferView>>): Promise<PlanResult> {
    const result = this.#queue.then(() => this.#run(inputs));
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async #run(inputs: Readonly<Record<string, ArrayBufferView>>): Promise<PlanResult> {
    if (this.#disposed) throw new FcnError("disposed", "this plan was disposed; make a new one");
    this.device.check();
    const { gpu } = this.device;
    const t0 = performance.now();
    for (const [name, { buffer, bytes }] of this.inputs) {
      const data = inputs[name];
      if (!data || alignUp(data.byteLength, 4) !== bytes) {
        throw new FcnError("bad-shape", `plan: input "${name}" needs ${bytes} bytes, got ${data?.byteLength ?? "none"}`);
      }
      gpu.queue.writeBuffer(buffer, 0, data.buffer, data.byteOffset, data.byteLength);
    }
    const t1 = performance.now();
    const encoder = gpu.createCommandEncoder();
    for (const { from, to, descriptor } of this.timer?.passes ?? [{ from: 0, to: this.dispatches.length, descriptor: {} }]) {
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
    for (const { source, staging } of this.outputs.values()) {
      encodeCopy(encoder, source, staging);
    }
    gpu.queue.submit([encoder.finish()]);
    const t2 = performance.now();
    const outputs = [...this.outputs.entries()];
    const readable = [...outputs.map(([, { staging }]) => staging), ...(this.timer ? [this.timer.staging] : [])];
    try {
      await this.device.settle(Promise.all(readable.map((staging) => staging.mapAsync(MAP_MODE_READ))));
    } catch (error) {
      // An error that WebGPU reported meanwhile must not leave them mapped: the next run copies into them.
      for (const staging of readable) staging.unmap();
      throw error;
    }
    const t3 = performance.now();
    const read = outputs.map(([name, { staging, source, shape, layout }]) => {
      const bytes = readStaging(source, staging.getMappedRange());
      staging.unmap();
      return [name, { bytes, shape, layout }] as const;
    });
    const timings = { upload: t1 - t0, encode: t2 - t1, gpu: t3 - t2, readback: performance.now() - t3 };
    return { outputs: new Map(read), timings, ...(this.timer ? { stages: this.timer.read() } : {}) };
  }

  /** Frees the plan's buffers once the run in progress has ended. Idempotent. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    void this.#queue.then(() => this.owned.forEach((resource) => resource.destroy()));
  }
}

function checkLimits(device: Device, { steps, inputs }: Lowered): void {
  for (const tensor of [...inputs.values(), ...steps.flatMap((s) => Object.values(s.outputs))]) {
    checkFits(device, tensor.name, layouts[tensor.layout], tensor.shape);
  }
}

/** What a plan frees. */
type Owned = { destroy(): void }[];

/** First and last step that touch each tensor the steps make; outputs live to the end. */
function lifetimesOf({ steps, outputs }: Lowered): Map<Physical, { from: number; to: number }> {
  const kept = new Set(outputs.values());
  const made = steps.flatMap((step) => Object.values(step.outputs));
  return new Map(
    made.map((tensor) => {
      const uses = steps.flatMap((step, i) => (Object.values(step.tensors).includes(tensor) ? [i] : []));
      return [tensor, { from: tensor.step, to: kept.has(tensor) ? steps.length : Math.max(tensor.step, ...uses) }];
    }),
  );
}

/** Creates all memory of a plan (noted in `owned`, so that a failure can free it) and says where each tensor lies. */
function allocate(device: Device, lowered: Lowered, owned: Owned) {
  const { steps, inputs, outputs } = lowered;
  let bytes = 0;
  const buffer = (label: string, size: number, usage: number): GPUBuffer => {
    const made = device.gpu.createBuffer({ label, size, usage });
    owned.push(made);
    bytes += size;
    return made;
  };
  const texture = (label: string, extent: { width: number; height: number }): Memory => {
    const made = createTexture(device, label, extent);
    owned.push({ destroy: () => destroy(made) });
    bytes += made.size;
    return made;
  };

  const places = new Map<Physical, Memory>();
  const inputBuffers = new Map<string, { buffer: GPUBuffer; bytes: number }>();
  for (const [name, tensor] of inputs) {
    const size = layouts[tensor.layout].byteSize(tensor.shape);
    const made = buffer(`input ${name}`, size, BUFFER.STORAGE | BUFFER.COPY_DST);
    inputBuffers.set(name, { buffer: made, bytes: size });
    places.set(tensor, { kind: "buffer", buffer: made, offset: 0, size });
  }

  const lifetimes = lifetimesOf(lowered);
  const inBuffers = [...lifetimes].filter(([tensor]) => !layouts[tensor.layout].extent);
  const index = new Map(inBuffers.map(([tensor], i) => [tensor, i]));
  const requests = inBuffers.map(([tensor, { from, to }]) => {
    const producer = steps[tensor.step] as Step;
    const apart = new Set(Object.values(producer.tensors).flatMap((t) => index.get(t) ?? []));
    return { name: tensor.name, bytes: layouts[tensor.layout].byteSize(tensor.shape), from, to, apart };
  });
  const arena = planArena(requests, device.limits.maxBufferSize);
  const slabs = arena.slabs.map((size, i) => buffer(`arena ${i}`, size, BUFFER.STORAGE | BUFFER.COPY_SRC));
  inBuffers.forEach(([tensor], i) => {
    const { slab, offset } = arena.placements[i] as { slab: number; offset: number };
    places.set(tensor, { kind: "buffer", buffer: slabs[slab] as GPUBuffer, offset, size: (requests[i] as { bytes: number }).bytes });
  });

  // Textures cannot overlap, so a dead one serves again where the planes have the same geometry: the zero columns then stay zero.
  const pool: { key: string; free: number; memory: Memory }[] = [];
  for (const [tensor, { from, to }] of lifetimes) {
    const extent = layouts[tensor.layout].extent?.(tensor.shape);
    if (!extent) continue;
    const key = `${tensor.shape[2]}x${tensor.shape[3]} ${extent.width}x${extent.height}`;
    let slot = pool.find((s) => s.key === key && s.free < from);
    if (!slot) pool.push((slot = { key, free: 0, memory: texture(tensor.name, extent) }));
    slot.free = to;
    places.set(tensor, slot.memory);
  }

  const packed = steps.map((step) => packParams(step.kernel, step.variant, step.problem));
  const offsets: number[] = [];
  let size = 0;
  for (const params of packed) {
    offsets.push(size);
    size = alignUp(size + params.byteLength, 256);
  }
  const uniforms = buffer("params", Math.max(size, 16), BUFFER.UNIFORM | BUFFER.COPY_DST);
  packed.forEach((params, i) => device.gpu.queue.writeBuffer(uniforms, offsets[i] as number, params));

  const outputPlaces = new Map<string, Output>();
  for (const [name, tensor] of outputs) {
    const source = places.get(tensor) as Memory;
    const staging = buffer(`staging ${name}`, stagingSize(source), BUFFER.MAP_READ | BUFFER.COPY_DST);
    outputPlaces.set(name, { source, staging, shape: tensor.shape, layout: tensor.layout });
  }

  // What absent optional inputs and outputs bind: never used, but a binding must be there, and reads and writes not the same one.
  const fillers = new Map<string, Memory>();
  const absent = (step: Step, key: string): Memory => {
    const weight = step.kernel.inputs[key]?.role === "weight";
    const isTexture = !weight && layouts[layoutOf(step.kernel, step.variant, key)].extent !== undefined;
    const name = `absent ${isTexture ? "texture" : "buffer"} ${key in step.kernel.outputs ? "output" : "input"}`;
    let filler = fillers.get(name);
    if (!filler) {
      filler = isTexture ? texture(name, { width: 1, height: 1 }) : { kind: "buffer", buffer: buffer(name, 16, BUFFER.STORAGE), offset: 0, size: 16 };
      fillers.set(name, filler);
    }
    return filler;
  };
  return {
    place: (tensor: Physical): Memory => places.get(tensor) as Memory,
    params: (i: number): GPUBindingResource => ({ buffer: uniforms, offset: offsets[i] as number, size: (packed[i] as ArrayBuffer).byteLength }),
    absent,
    bytes: () => bytes,
    inputs: inputBuffers,
    outputs: outputPlaces,
  };
}
