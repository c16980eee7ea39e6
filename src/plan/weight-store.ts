/**
 * The GPU copies of a model's weights. A weight is read, packed for the variant that wants it and uploaded once; every plan of
 * the model shares the copy. The store owns the buffers: dispose() frees them.
 */
import { FcnError } from "../base/errors.js";
import type { Device } from "../gpu/device.js";
import { destroy } from "../gpu/memory.js";
import type { Memory } from "../gpu/memory.js";
import { upload } from "../gpu/upload.js";
import { elements } from "../kernel/shape.js";

import type { AnyProblem } from "../kernel/problem.js";
import type { Packing } from "../kernel/variant.js";
import type { Weight } from "../kernel/weight.js";

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
    const expected = elements(weight.shape);
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
