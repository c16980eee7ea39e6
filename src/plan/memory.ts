/**
 * The memory of a plan: what every tensor, uniform and output gets, and which dead tensor's place serves again. Creates buffers
 * and textures; runs nothing.
 */
import { release } from "../gpu/allocations.js";
import type { Device } from "../gpu/device.js";
import { packParams } from "../gpu/dispatch.js";
import { BUFFER } from "../gpu/flags.js";
import { checkFits, createTexture, destroy, stagingSize } from "../gpu/memory.js";
import type { Memory } from "../gpu/memory.js";
import { layoutOf } from "../kernel/choice.js";
import { layouts } from "../kernel/layout.js";
import type { LayoutName, Nchw } from "../kernel/layout.js";
import { alignUp } from "../kernel/shape.js";
import { planArena } from "./arena.js";
import type { Lowered, Physical, Step } from "./lower.js";

/** Where an output is copied from, and the buffers it is mapped in: one for every run that may be in flight. */
export interface Output {
  readonly source: Memory;
  readonly staging: readonly GPUBuffer[];
  readonly shape: Nchw;
  readonly layout: LayoutName;
}

/** @throws limit-too-small for the first tensor that does not fit */
export function checkLimits(device: Device, { steps, inputs }: Lowered): void {
  for (const tensor of [...inputs.values(), ...steps.flatMap((s) => Object.values(s.outputs))]) {
    checkFits(device, tensor.name, layouts[tensor.layout], tensor.shape);
  }
}

/** What a plan frees. */
export type Owned = { destroy(): void }[];

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
export function allocate(device: Device, lowered: Lowered, owned: Owned, inFlight: number) {
  const { steps, inputs, outputs } = lowered;
  let bytes = 0;
  const buffer = (label: string, size: number, usage: number): GPUBuffer => {
    const made = device.allocations.buffer({ label, size, usage });
    owned.push({ destroy: () => release(made) });
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
    places.set(tensor, {
      kind: "buffer",
      buffer: slabs[slab] as GPUBuffer,
      offset,
      size: (requests[i] as { bytes: number }).bytes,
    });
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
    const staging = Array.from({ length: inFlight }, () =>
      buffer(`staging ${name}`, stagingSize(source), BUFFER.MAP_READ | BUFFER.COPY_DST),
    );
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
      filler = isTexture
        ? texture(name, { width: 1, height: 1 })
        : { kind: "buffer", buffer: buffer(name, 16, BUFFER.STORAGE), offset: 0, size: 16 };
      fillers.set(name, filler);
    }
    return filler;
  };
  return {
    place: (tensor: Physical): Memory => places.get(tensor) as Memory,
    params: (i: number): GPUBindingResource => ({
      buffer: uniforms,
      offset: offsets[i] as number,
      size: (packed[i] as ArrayBuffer).byteLength,
    }),
    absent,
    bytes: () => bytes,
    inputs: inputBuffers,
    outputs: outputPlaces,
  };
}
