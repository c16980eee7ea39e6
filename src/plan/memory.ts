/**
 * The GPU memory of a plan: inputs, activations, uniforms, staging buffers and dummies. Creates all of it; runs no
 * kernel.
 */
import { release } from "../gpu/allocations.js";
import { Dummies } from "../gpu/bindings.js";
import type { Device } from "../gpu/device.js";
import { packParams } from "../gpu/dispatch.js";
import { BUFFER } from "../gpu/flags.js";
import { checkFits, createTexture, destroy, stagingSize, zeroTextures } from "../gpu/memory.js";
import type { Memory } from "../gpu/memory.js";
import { baseOf } from "../kernel/border.js";
import { layoutNamed } from "../kernel/layout.js";
import type { BaseLayoutName } from "../kernel/layout.js";
import { alignUp } from "../kernel/shape.js";
import type { Nchw } from "../kernel/shape.js";
import type { TextureExtent } from "../kernel/texture.js";
import type { DeclaredInput } from "./inputs.js";
import type { Lowered, Physical, Step } from "./lower.js";
import { placeTensors } from "./placement.js";

/** An output: where a run copies it from, and one staging buffer for every run whose outputs go to the host. */
export interface StagedOutput {
  readonly source: Memory;
  readonly staging: readonly GPUBuffer[];
  readonly shape: Nchw;
  /** Without a border; see borders.ts. */
  readonly layout: BaseLayoutName;
}

/** What a plan frees when it is disposed. */
export type Owned = { destroy(): void }[];

/** Default of minUniformBufferOffsetAlignment. */
const UNIFORM_ALIGNMENT = 256;
/** A dummy buffer holds one vec4f, the largest element of any kernel's arrays. */
const DUMMY_BYTES = 16;

/** @throws limit-too-small for the first tensor that the device cannot hold */
export function checkLimits(device: Device, { steps, inputs }: Lowered): void {
  const made = steps.flatMap((step) => Object.values(step.outputs));
  for (const tensor of [...inputs.values(), ...made]) {
    checkFits(device, tensor.name, layoutNamed(tensor.layout), tensor.shape);
  }
}

export class PlanMemory {
  readonly inputs = new Map<string, DeclaredInput>();
  readonly outputs = new Map<string, StagedOutput>();
  readonly dummies: Dummies;
  #bytes = 0;
  readonly #device: Device;
  readonly #owned: Owned;
  readonly #tensors = new Map<Physical, Memory>();
  readonly #uniforms: GPUBindingResource[] = [];
  readonly #textures: Memory[] = []; // of tensors

  /**
   * Notes everything it creates in `owned`, so that the caller can free it after a failure. `staged` is the number of
   * staging buffers for each output. `shared` are slabs of the arena that the caller has made, large enough.
   */
  constructor(device: Device, lowered: Lowered, owned: Owned, staged: number, shared: readonly GPUBuffer[] = []) {
    this.#device = device;
    this.#owned = owned;
    this.dummies = new Dummies((kind, label) =>
      kind === "texture"
        ? this.#texture(label, { width: 1, height: 1 })
        : wholeBuffer(this.#buffer(label, DUMMY_BYTES, BUFFER.STORAGE), DUMMY_BYTES),
    );
    this.#createInputs(lowered);
    for (const [physical, { memory }] of lowered.states) this.#tensors.set(physical, memory);
    this.#createTensors(lowered, shared);
    this.#createUniforms(lowered.steps);
    this.#createOutputs(lowered, staged);
  }

  /** Zeroes the textures of tensors, once, before anything runs. */
  zero(): void {
    if (this.#textures.length > 0) zeroTextures(this.#device, this.#textures);
  }

  /** Bytes of everything created so far. */
  get bytes(): number {
    return this.#bytes;
  }

  of(tensor: Physical): Memory {
    return this.#tensors.get(tensor) as Memory;
  }

  /** The uniforms of a step. */
  uniforms(step: number): GPUBindingResource {
    return this.#uniforms[step] as GPUBindingResource;
  }

  #buffer(label: string, size: number, usage: number): GPUBuffer {
    const buffer = this.#device.allocations.buffer({ label, size, usage });
    this.#owned.push({ destroy: () => release(buffer) });
    this.#bytes += size;
    return buffer;
  }

  #texture(label: string, extent: Pick<TextureExtent, "width" | "height">): Memory {
    const texture = createTexture(this.#device, label, extent);
    this.#owned.push({ destroy: () => destroy(texture) });
    this.#bytes += texture.size;
    return texture;
  }

  #createInputs({ inputs }: Lowered): void {
    for (const [name, tensor] of inputs) {
      const { shape, layout: layoutName } = tensor;
      const layout = layoutNamed(layoutName);
      const label = `input ${name}`;
      const extent = layout.extent?.(shape);
      const bytes = layout.byteSize(shape);
      const memory = extent
        ? this.#texture(label, extent)
        : wholeBuffer(this.#buffer(label, bytes, BUFFER.STORAGE | BUFFER.COPY_SRC | BUFFER.COPY_DST), bytes);
      this.inputs.set(name, { memory, shape, layout: layoutName });
      this.#tensors.set(tensor, memory);
    }
  }

  #createTensors(lowered: Lowered, shared: readonly GPUBuffer[]): void {
    const placed = placeTensors(lowered, this.#device.limits.maxBufferSize);
    const slabs = placed.slabs.map(
      (bytes, i) => shared[i] ?? this.#buffer(`arena ${i}`, bytes, BUFFER.STORAGE | BUFFER.COPY_SRC),
    );
    for (const [tensor, { slab, offset, bytes }] of placed.inSlabs) {
      this.#tensors.set(tensor, { kind: "buffer", buffer: slabs[slab] as GPUBuffer, offset, size: bytes });
    }
    const textures = placed.textures.map(({ label, extent }) => this.#texture(label, extent));
    this.#textures.push(...textures);
    for (const [tensor, index] of placed.inTextures) this.#tensors.set(tensor, textures[index] as Memory);
  }

  /** One buffer for the uniforms of all steps. */
  #createUniforms(steps: readonly Step[]): void {
    const packed = steps.map(({ kernel, variant, problem }) => packParams(kernel, variant, problem));
    const pitches = packed.map(({ byteLength }) => alignUp(byteLength, UNIFORM_ALIGNMENT));
    const bytes = pitches.reduce((sum, pitch) => sum + pitch, 0);
    const buffer = this.#buffer("params", Math.max(bytes, UNIFORM_ALIGNMENT), BUFFER.UNIFORM | BUFFER.COPY_DST);
    let offset = 0;
    packed.forEach((params, i) => {
      this.#device.gpu.queue.writeBuffer(buffer, offset, params);
      this.#uniforms.push({ buffer, offset, size: params.byteLength });
      offset += pitches[i] as number;
    });
  }

  #createOutputs({ outputs }: Lowered, staged: number): void {
    for (const [name, tensor] of outputs) {
      const source = this.of(tensor);
      const staging = Array.from({ length: staged }, () =>
        this.#buffer(`staging ${name}`, stagingSize(source), BUFFER.MAP_READ | BUFFER.COPY_DST),
      );
      this.outputs.set(name, { source, staging, shape: tensor.shape, layout: baseOf(tensor.layout) });
    }
  }
}

const wholeBuffer = (buffer: GPUBuffer, size: number): Memory => ({ kind: "buffer", buffer, offset: 0, size });
