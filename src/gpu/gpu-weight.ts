/** A constant operand that stays on the GPU from one kernel call to the next. */
import { FcnError, badShape } from "../base/errors.js";
import type { AnyProblem } from "../kernel/problem.js";
import { elements, formatShape } from "../kernel/shape.js";
import type { Shape } from "../kernel/shape.js";
import type { Packing } from "../kernel/variant.js";
import { checkDevice } from "./device.js";
import type { Device } from "./device.js";
import { destroy } from "./memory.js";
import type { Memory } from "./memory.js";
import { upload } from "./upload.js";

/** A constant operand: values in [out, in, kh, kw] or [c] order. */
export interface HostWeight {
  readonly shape: Shape;
  readonly data: Float32Array;
}

/** @throws bad-shape for another number of values than the shape says */
export function packedWeight(
  label: string,
  { shape, data }: HostWeight,
  packing: Packing,
  problem: AnyProblem,
): Float32Array | Uint32Array {
  checkCount(label, shape, data);
  return packing.pack(data, shape, problem);
}

function checkCount(label: string, shape: Shape, data: Float32Array): void {
  const expected = elements(shape);
  if (data.length !== expected)
    throw badShape(`${label} ${formatShape(shape)} needs ${expected} values, got ${data.length}`);
}

/**
 * A weight that runKernel() uploads once, where it would upload { shape, data } at every call. Each variant of a kernel
 * has its own order of values: there is a copy for each order that was asked for.
 * @example
 * const weight = GpuWeight.from(device, { shape: [64, 32, 3, 3], data });
 * for (const x of tensors) await runKernel(device, conv2d, { x, weight }, { padding: 1 });
 * weight.dispose();
 */
export class GpuWeight {
  /** For `using`. Missing in browsers without Symbol.dispose. */
  declare readonly [Symbol.dispose]: () => void;
  readonly #data: Float32Array;
  readonly #copies = new Map<string, Memory>();
  #isDisposed = false;

  private constructor(
    readonly device: Device,
    readonly shape: Shape,
    data: Float32Array,
  ) {
    this.#data = data;
    if (typeof Symbol.dispose === "symbol")
      Object.defineProperty(this, Symbol.dispose, { value: () => this.dispose() });
  }

  /**
   * Copies the values. They go to the GPU with the first call that reads them.
   * @throws bad-shape for another number of values than the shape says
   */
  static from(device: Device, weight: HostWeight): GpuWeight {
    checkDevice("GpuWeight.from", device);
    const { shape, data } = weight ?? {};
    if (!Array.isArray(shape) || !(data instanceof Float32Array))
      throw badShape("GpuWeight.from needs { shape, data }: an array of numbers and a Float32Array");
    checkCount("weight", shape as Shape, data);
    return new GpuWeight(device, shape as Shape, data.slice());
  }

  /** Orders of values in which it is on the GPU. */
  get copies(): number {
    return this.#copies.size;
  }

  /** Bytes of GPU memory in use. */
  get bytes(): number {
    return [...this.#copies.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** The copy in the order of `packing`, made at the first call. @throws limit-too-small */
  memoryFor(label: string, packing: Packing, problem: AnyProblem): Memory {
    const known = this.#copies.get(packing.name);
    if (known) return known;
    const weight = { shape: this.shape, data: this.#data };
    const memory = upload(this.device, label, packing, packedWeight(label, weight, packing, problem));
    this.#copies.set(packing.name, memory);
    return memory;
  }

  /** @throws disposed */
  check(label: string): void {
    if (this.#isDisposed) throw new FcnError("disposed", `${label} was disposed; make it again`);
  }

  /** Frees its memory. Idempotent. */
  dispose(): void {
    this.#isDisposed = true;
    for (const memory of this.#copies.values()) destroy(memory);
    this.#copies.clear();
  }
}
