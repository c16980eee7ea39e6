/**
 * The GPU copies of a model's weights. A weight is read, packed for the variant that wants it and uploaded once; every plan of
 * the model shares the copy. The store owns the buffers: dispose() frees them.
 */
import type { Device } from "../gpu/device.js";
import { FcnError, limitTooSmall } from "../base/errors.js";
import type { Weight } from "./graph.js";
import { BUFFER } from "../gpu/flags.js";
import { WEIGHT_TEXTURE_WIDTH } from "../kernel/layout.js";
import type { AnyProblem, Packing } from "../kernel/kernel.js";
import { createBuffer, createTexture, destroy, write } from "../gpu/memory.js";
import type { Memory } from "../gpu/memory.js";

/** As it is, padded with zeros to a multiple of 4 elements: biases, scales. */
export const plainPacking: Packing = {
  name: "plain",
  pack(data) {
    const out = new Float32Array(Math.ceil(data.length / 4) * 4);
    out.set(data);
    return out;
  },
};

export class WeightStore {
  readonly #copies = new Map<Weight, Map<string, Promise<Memory>>>();
  #bytes = 0;
  #disposed = false;

  constructor(readonly device: Device) {}

  /** Bytes of GPU memory the weights take. */
  get bytes(): number {
    return this.#bytes;
  }

  get(weight: Weight, packing: Packing, problem: AnyProblem): Promise<Memory> {
    let copies = this.#copies.get(weight);
    if (!copies) this.#copies.set(weight, (copies = new Map<string, Promise<Memory>>()));
    let copy = copies.get(packing.name);
    if (!copy) {
      copy = this.#upload(weight, packing, problem);
      copies.set(packing.name, copy);
      const kept = copies;
      copy.catch(() => kept.delete(packing.name));
    }
    return copy;
  }

  async #upload(weight: Weight, packing: Packing, problem: AnyProblem): Promise<Memory> {
    const data = await weight.read();
    const expected = weight.shape.reduce((a, b) => a * b, 1);
    if (data.length !== expected) {
      throw new FcnError(
        "bad-weights",
        `${weight.name} [${weight.shape.join(",")}] needs ${expected} values, got ${data.length}`,
      );
    }
    const memory = await this.device.scoped(`weight ${weight.name}`, () =>
      upload(this.device, weight.name, packing, packing.pack(data, weight.shape, problem)),
    );
    if (this.#disposed) {
      destroy(memory);
      throw new FcnError("disposed", "the model was disposed while its weights were loading");
    }
    this.#bytes += memory.size;
    return memory;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const copies of this.#copies.values()) {
      for (const copy of copies.values()) void copy.then(destroy).catch(() => undefined);
    }
    this.#copies.clear();
    this.#bytes = 0;
  }
}

/** Packed values into GPU memory of the kind the packing asks for. @throws limit-too-small */
export function upload(device: Device, name: string, packing: Packing, packed: Float32Array | Uint32Array): Memory {
  if (packing.storage === "texture") {
    const rowBytes = WEIGHT_TEXTURE_WIDTH * 16;
    const height = Math.ceil(packed.byteLength / rowBytes);
    const side = device.limits.maxTextureDimension2D;
    if (height > side) throw limitTooSmall(`weight ${name}`, "maxTextureDimension2D", height, side);
    const whole = new Float32Array((height * rowBytes) / 4);
    whole.set(packed);
    const memory = createTexture(device, name, { width: WEIGHT_TEXTURE_WIDTH, height });
    write(device, memory, whole.buffer);
    return memory;
  }
  const limit = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize);
  if (packed.byteLength > limit)
    throw limitTooSmall(`weight ${name}`, "maxStorageBufferBindingSize", packed.byteLength, limit);
  const memory = createBuffer(device, name, packed.byteLength, BUFFER.COPY_DST);
  write(device, memory, packed.buffer as ArrayBuffer);
  return memory;
}
