/**
 * A graph made ready to run: one arena for the activations, every pipeline and bind group built, one uniform buffer, one
 * staging buffer per output. `run()` creates nothing on the device: it uploads the inputs, encodes a flat list of dispatches
 * in one compute pass, copies the outputs to their staging buffers and submits once.
 */
import { planArena } from "./arena.js";
import type { Device } from "./device.js";
import { gridOf, packParams } from "./dispatch.js";
import { FcnError, limitTooSmall } from "./errors.js";
import type { Graph } from "./graph.js";
import type { Extent } from "./kernel.js";
import { layouts } from "./layout.js";
import type { LayoutName, Nchw } from "./layout.js";
import { lower } from "./lower.js";
import type { Lowered, Physical, Step, VariantChoice } from "./lower.js";
import { pipelinesOf } from "./pipelines.js";
import { alignUp } from "./shape.js";
import { plainPacking } from "./weight-store.js";
import type { WeightStore } from "./weight-store.js";

// Values of GPUBufferUsage and GPUMapMode, globals that some runtimes lack at import time (WebGPU specification).
const MAP_READ = 0x1;
const COPY_SRC = 0x4;
const COPY_DST = 0x8;
const UNIFORM = 0x40;
const STORAGE = 0x80;
const MODE_READ = 1;

interface Dispatch {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly grid: Extent;
}

interface Output {
  readonly source: GPUBufferBinding & { readonly size: number };
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

export interface PlanResult {
  readonly outputs: ReadonlyMap<string, { readonly bytes: ArrayBuffer; readonly shape: Nchw; readonly layout: LayoutName }>;
  readonly timings: RunTimings;
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
    private readonly buffers: readonly GPUBuffer[],
  ) {}

  static async create(device: Device, graph: Graph, store: WeightStore, choice?: VariantChoice): Promise<Plan> {
    device.check();
    const lowered = lower(graph, device, choice);
    checkLimits(device, lowered);
    const grids = lowered.steps.map((s) => gridOf(s.kernel, s.variant, s.problem, device.limits.maxComputeWorkgroupsPerDimension));
    const cache = pipelinesOf(device);
    const pipelines = await Promise.all(lowered.steps.map((s) => cache.get(s.kernel, s.variantName, s.problem)));
    const weights = new Map<string, GPUBuffer>();
    for (const [i, step] of lowered.steps.entries()) {
      for (const [key, weight] of Object.entries(step.weights)) {
        weights.set(`${i} ${key}`, await store.get(weight, step.variant.packing?.[key] ?? plainPacking, step.problem));
      }
    }
    const buffers: GPUBuffer[] = [];
    try {
      return await device.scoped("plan", () => {
        const memory = allocate(device, lowered, buffers);
        const dispatches = lowered.steps.map((step, i): Dispatch => {
          const compiled = pipelines[i] as Awaited<ReturnType<typeof cache.get>>;
          const resources: (GPUBufferBinding | undefined)[] = [];
          for (const key of Object.keys(step.kernel.inputs)) {
            const tensor = step.tensors[key];
            const weight = weights.get(`${i} ${key}`);
            resources.push(tensor ? memory.place(tensor) : weight ? { buffer: weight } : memory.empty);
          }
          for (const key of Object.keys(step.kernel.outputs)) {
            const tensor = step.outputs[key];
            resources.push(tensor ? memory.place(tensor) : memory.sink);
          }
          resources.push(memory.params(i));
          const entries = resources.map((resource, binding) => ({ binding, resource: resource as GPUBufferBinding }));
          const bindGroup = device.gpu.createBindGroup({ label: step.label, layout: compiled.bindings, entries });
          return { pipeline: compiled.pipeline, bindGroup, grid: grids[i] as Extent };
        });
        return new Plan(device, lowered.steps, memory.bytes(), dispatches, memory.inputs, memory.outputs, buffers);
      });
    } catch (error) {
      for (const buffer of buffers) buffer.destroy();
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
      gpu.queue.writeBuffer(buffer, 0, data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
    }
    const t1 = performance.now();
    const encoder = gpu.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (const { pipeline, bindGroup, grid } of this.dispatches) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(grid[0], grid[1], grid[2]);
    }
    pass.end();
    for (const { source, staging } of this.outputs.values()) {
      encoder.copyBufferToBuffer(source.buffer, source.offset ?? 0, staging, 0, source.size);
    }
    gpu.queue.submit([encoder.finish()]);
    const t2 = performance.now();
    const outputs = [...this.outputs.entries()];
    await this.device.settle(Promise.all(outputs.map(([, { staging, source }]) => staging.mapAsync(MODE_READ, 0, source.size))));
    const t3 = performance.now();
    const read = outputs.map(([name, { staging, source, shape, layout }]) => {
      const bytes = staging.getMappedRange(0, source.size).slice(0);
      staging.unmap();
      return [name, { bytes, shape, layout }] as const;
    });
    const timings = { upload: t1 - t0, encode: t2 - t1, gpu: t3 - t2, readback: performance.now() - t3 };
    return { outputs: new Map(read), timings };
  }

  /** Frees the plan's buffers once the run in progress has ended. Idempotent. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    void this.#queue.then(() => this.buffers.forEach((buffer) => buffer.destroy()));
  }
}

function checkLimits(device: Device, { steps, inputs }: Lowered): void {
  const { maxStorageBufferBindingSize } = device.limits;
  for (const tensor of [...inputs.values(), ...steps.flatMap((s) => Object.values(s.outputs))]) {
    const bytes = layouts[tensor.layout].byteSize(tensor.shape);
    if (bytes > maxStorageBufferBindingSize) {
      const what = `tensor ${tensor.name} [${tensor.shape.join(",")}]`;
      throw limitTooSmall(what, "maxStorageBufferBindingSize", bytes, maxStorageBufferBindingSize);
    }
  }
}

/** Creates every buffer of a plan (pushed to `made`, so that a failure can free them) and says where each tensor lies. */
function allocate(device: Device, { steps, inputs, outputs }: Lowered, made: GPUBuffer[]) {
  let bytes = 0;
  const create = (label: string, size: number, usage: number): GPUBuffer => {
    const buffer = device.gpu.createBuffer({ label, size, usage });
    made.push(buffer);
    bytes += size;
    return buffer;
  };

  const places = new Map<Physical, GPUBufferBinding & { size: number }>();
  const inputBuffers = new Map<string, { buffer: GPUBuffer; bytes: number }>();
  for (const [name, tensor] of inputs) {
    const size = layouts[tensor.layout].byteSize(tensor.shape);
    const buffer = create(`input ${name}`, size, STORAGE | COPY_DST | COPY_SRC);
    inputBuffers.set(name, { buffer, bytes: size });
    places.set(tensor, { buffer, offset: 0, size });
  }

  const made_by = steps.flatMap((step) => Object.values(step.outputs));
  const index = new Map(made_by.map((tensor, i) => [tensor, i]));
  const kept = new Set(outputs.values());
  const lifetimes = made_by.map((tensor) => {
    const uses = steps.flatMap((step, i) => (Object.values(step.tensors).includes(tensor) ? [i] : []));
    const producer = steps[tensor.step] as Step;
    const apart = new Set(Object.values(producer.tensors).flatMap((t) => index.get(t) ?? []));
    const last = kept.has(tensor) ? steps.length : Math.max(tensor.step, ...uses);
    return { name: tensor.name, bytes: layouts[tensor.layout].byteSize(tensor.shape), from: tensor.step, to: last, apart };
  });
  const arena = planArena(lifetimes, device.limits.maxBufferSize);
  const slabs = arena.slabs.map((size, i) => create(`arena ${i}`, size, STORAGE | COPY_SRC));
  made_by.forEach((tensor, i) => {
    const { slab, offset } = arena.placements[i] as { slab: number; offset: number };
    places.set(tensor, { buffer: slabs[slab] as GPUBuffer, offset, size: (lifetimes[i] as { bytes: number }).bytes });
  });

  const packed = steps.map((step) => packParams(step.kernel, step.problem));
  const offsets: number[] = [];
  let size = 0;
  for (const params of packed) {
    offsets.push(size);
    size = alignUp(size + params.byteLength, 256);
  }
  const uniforms = create("params", Math.max(size, 16), UNIFORM | COPY_DST);
  packed.forEach((params, i) => device.gpu.queue.writeBuffer(uniforms, offsets[i] as number, params));

  const outputPlaces = new Map<string, Output>();
  for (const [name, tensor] of outputs) {
    const source = places.get(tensor) as GPUBufferBinding & { size: number };
    const staging = create(`staging ${name}`, source.size, MAP_READ | COPY_DST);
    outputPlaces.set(name, { source, staging, shape: tensor.shape, layout: tensor.layout });
  }
  // What absent optional inputs and outputs bind: never read or written for its value, but a binding must be there.
  const empty: GPUBufferBinding = { buffer: create("empty", 16, STORAGE) };
  const sink: GPUBufferBinding = { buffer: create("sink", 16, STORAGE) };
  return {
    place: (tensor: Physical) => places.get(tensor),
    params: (i: number): GPUBufferBinding => ({ buffer: uniforms, offset: offsets[i] as number, size: (packed[i] as ArrayBuffer).byteLength }),
    bytes: () => bytes,
    inputs: inputBuffers,
    outputs: outputPlaces,
    empty,
    sink,
  };
}
