/**
 * The GPU copies of a model's weights. A weight is read, packed for a variant and uploaded once. Every plan of the
 * model shares the copy. The store owns the buffers, and dispose() frees them.
 */
import { FcnError } from "../base/errors.js";
import { typeName } from "../base/options.js";
import type { Device } from "../gpu/device.js";
import { destroy } from "../gpu/memory.js";
import type { Memory } from "../gpu/memory.js";
import { upload } from "../gpu/upload.js";
import type { AnyProblem } from "../kernel/problem.js";
import { elements, formatShape } from "../kernel/shape.js";
import type { Shape } from "../kernel/shape.js";
import type { Packing } from "../kernel/variant.js";
import type { Weight } from "../kernel/weight.js";

/** A weight that goes to the device in its own way. */
export interface LargeWeight extends Weight {
  /** Reads, packs and uploads it. @throws bad-weights, limit-too-small, out-of-memory, device-lost */
  upload(device: Device, packing: Packing, problem: AnyProblem): Promise<Memory>;
}

const isLarge = (weight: Weight): weight is LargeWeight => "upload" in weight;

/** @throws bad-weights for other values than the shape says */
export function checkedCount(name: string, shape: Shape, data: Float32Array): Float32Array {
  if (typeName(data) !== "Float32Array")
    throw new FcnError("bad-weights", `${name}: its values must be a Float32Array`);
  const expected = elements(shape);
  if (data.length === expected) return data;
  throw new FcnError("bad-weights", `${name} ${formatShape(shape)} needs ${expected} values, got ${data.length}`);
}

/** Copies of one weight by the name of their packing. */
type Copies = Map<string, Promise<Memory>>;

/**
 * The weights of plans on a device. Plans that are made with one store share the copies, which dispose() frees.
 * @example
 * import { WeightStore, requestDevice } from "fcn-webgpu/node";
 *
 * const device = await requestDevice();
 * const store = new WeightStore(device); // Plan.create(device, graph, store)
 * console.log(store.bytes); // prints 0
 * store.dispose();
 * device.dispose();
 */
export class WeightStore {
  readonly #copies = new Map<Weight, Copies>();
  readonly #uploaded = new Set<Memory>();
  #disposed = false;

  /** An empty store: weights come with the plans that read them. */
  constructor(
    /** Where the copies are. */
    readonly device: Device,
  ) {}

  /** Bytes of GPU memory in use. */
  get bytes(): number {
    let bytes = 0;
    for (const { size } of this.#uploaded) bytes += size;
    return bytes;
  }

  /**
   * The copy of a weight in the order of `packing`: the first call reads and uploads it.
   * @throws bad-weights, limit-too-small, out-of-memory, disposed
   */
  get(weight: Weight, packing: Packing, problem: AnyProblem): Promise<Memory> {
    const copies: Copies = this.#copies.get(weight) ?? new Map<string, Promise<Memory>>();
    this.#copies.set(weight, copies);
    const known = copies.get(packing.name);
    if (known) return known;
    const copy = this.#upload(weight, packing, problem);
    copies.set(packing.name, copy);
    copy.catch(() => copies.delete(packing.name));
    return copy;
  }

  async #upload(weight: Weight, packing: Packing, problem: AnyProblem): Promise<Memory> {
    const memory = await (isLarge(weight)
      ? weight.upload(this.device, packing, problem)
      : this.#uploadAtOnce(weight, packing, problem));
    if (this.#disposed) {
      destroy(memory);
      throw new FcnError("disposed", "the WeightStore or model was disposed while its weights were loading");
    }
    this.#uploaded.add(memory);
    return memory;
  }

  async #uploadAtOnce(weight: Weight, packing: Packing, problem: AnyProblem): Promise<Memory> {
    const { name, shape } = weight;
    const data = checkedCount(name, shape, await weight.read());
    return this.device.scoped(`weight ${name}`, () =>
      upload(this.device, name, packing, packing.pack(data, shape, problem)),
    );
  }

  /** Frees the copies of these weights. No plan that uses them may run any more. They are read again when needed. */
  async free(weights: Iterable<Weight>): Promise<void> {
    const copies: Promise<Memory>[] = [];
    for (const weight of weights) {
      copies.push(...(this.#copies.get(weight)?.values() ?? []));
      this.#copies.delete(weight);
    }
    // An upload that failed has no memory, and has told its caller.
    for (const uploaded of await Promise.allSettled(copies)) {
      if (uploaded.status === "fulfilled" && this.#uploaded.delete(uploaded.value)) destroy(uploaded.value);
    }
  }

  /** Frees all copies; one that is on its way is freed when it arrives. Idempotent. */
  dispose(): void {
    this.#disposed = true;
    this.#uploaded.forEach(destroy);
    this.#uploaded.clear();
    this.#copies.clear();
  }
}
