/**
 * The GPU copies of a model's weights. A weight is read, packed for the variant that wants it and uploaded once; every plan of
 * the model shares the copy. The store owns the buffers: dispose() frees them.
 */
import type { Device } from "./device.js";
import { FcnError, limitTooSmall } from "./errors.js";
import type { Weight } from "./graph.js";
import type { AnyProblem, Packing } from "./kernel.js";

// Values of GPUBufferUsage, a global that some runtimes lack at import time: https://www.w3.org/TR/webgpu/#buffer-usage
const COPY_DST = 0x8;
const STORAGE = 0x80;

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
  readonly #copies = new Map<Weight, Map<string, Promise<GPUBuffer>>>();
  #bytes = 0;
  #disposed = false;

  constructor(readonly device: Device) {}

  /** Bytes of GPU memory the weights take. */
  get bytes(): number {
    return this.#bytes;
  }

  get(weight: Weight, packing: Packing, problem: AnyProblem): Promise<GPUBuffer> {
    let copies = this.#copies.get(weight);
    if (!copies) this.#copies.set(weight, (copies = new Map()));
    let copy = copies.get(packing.name);
    if (!copy) {
      copy = this.#upload(weight, packing, problem);
      copies.set(packing.name, copy);
      const kept = copies;
      copy.catch(() => kept.delete(packing.name));
    }
    return copy;
  }

  async #upload(weight: Weight, packing: Packing, problem: AnyProblem): Promise<GPUBuffer> {
    const data = await weight.read();
    const expected = weight.shape.reduce((a, b) => a * b, 1);
    if (data.length !== expected) {
      throw new FcnError("bad-weights", `${weight.name} [${weight.shape.join(",")}] needs ${expected} values, got ${data.length}`);
    }
    const packed = packing.pack(data, weight.shape, problem);
    const limit = Math.min(this.device.limits.maxStorageBufferBindingSize, this.device.limits.maxBufferSize);
    if (packed.byteLength > limit) {
      throw limitTooSmall(`weight ${weight.name}`, "maxStorageBufferBindingSize", packed.byteLength, limit);
    }
    const buffer = await this.device.scoped(`weight ${weight.name}`, () => {
      const made = this.device.gpu.createBuffer({ label: weight.name, size: packed.byteLength, usage: STORAGE | COPY_DST });
      this.device.gpu.queue.writeBuffer(made, 0, packed.buffer as ArrayBuffer, packed.byteOffset, packed.byteLength);
      return made;
    });
    if (this.#disposed) {
      buffer.destroy();
      throw new FcnError("disposed", "the model was disposed while its weights were loading");
    }
    this.#bytes += packed.byteLength;
    return buffer;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const copies of this.#copies.values()) {
      for (const copy of copies.values()) void copy.then((buffer) => buffer.destroy()).catch(() => undefined);
    }
    this.#copies.clear();
    this.#bytes = 0;
  }
}
