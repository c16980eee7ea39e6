/** A constant operand that stays on the GPU from one kernel call to the next. */
import { FcnError } from "../base/errors.js";
import { checkDevice } from "../gpu/device.js";
import type { Device } from "../gpu/device.js";
import type { Memory } from "../gpu/memory.js";
import { checkHostWeight } from "../gpu/operands.js";
import type { HostWeight, ResidentWeight } from "../gpu/operands.js";
import type { AnyProblem } from "../kernel/problem.js";
import type { Shape } from "../kernel/shape.js";
import type { Packing } from "../kernel/variant.js";
import type { Weight } from "../kernel/weight.js";
import { WeightStore } from "./weight-store.js";

/**
 * A weight that runKernel() uploads once, where it would upload { shape, data } at every call. Each variant of a kernel
 * has its own order of values: there is a copy for each order that was asked for.
 * @example
 * import { GpuWeight, Tensor, requestDevice, runKernel } from "fcn-webgpu/node";
 * import { conv2d } from "fcn-webgpu/kernels";
 *
 * const device = await requestDevice();
 * const weight = GpuWeight.from(device, { shape: [1, 1, 1, 1], data: Float32Array.of(3) });
 * for (const value of [1, 2]) {
 *   const x = await Tensor.from(device, [value], [1, 1, 1, 1]);
 *   const { y } = await runKernel(device, conv2d, { x, weight });
 *   console.log((await y.read()).join());
 * }
 * // prints 3
 * // prints 6
 * console.log(weight.copies); // prints 1
 * device.dispose();
 */
export class GpuWeight implements ResidentWeight {
  /** For `using`. Missing in browsers without Symbol.dispose. */
  declare readonly [Symbol.dispose]: () => void;
  readonly #weight: Weight;
  readonly #store: WeightStore;
  readonly #orders = new Set<string>();
  #isDisposed = false;

  private constructor(
    /** The device that holds it. */
    readonly device: Device,
    /** [out, in, kh, kw], or [channels] of a bias. */
    readonly shape: Shape,
    data: Float32Array,
  ) {
    this.#weight = { name: "weight", shape, read: async () => data };
    this.#store = new WeightStore(device);
    if (typeof Symbol.dispose === "symbol")
      Object.defineProperty(this, Symbol.dispose, { value: () => this.dispose() });
  }

  /**
   * Copies the values. They go to the GPU with the first call that reads them.
   * @throws bad-shape for another number of values than the shape says; bad-option for what is not a device;
   * disposed, device-lost
   */
  static from(device: Device, weight: HostWeight): GpuWeight {
    checkDevice("GpuWeight.from", device);
    device.assertUsable();
    checkHostWeight("GpuWeight.from", "weight", weight ?? {});
    return new GpuWeight(device, [...weight.shape], weight.data.slice());
  }

  /** Orders of values in which it was asked for. */
  get copies(): number {
    return this.#orders.size;
  }

  /** Bytes of GPU memory in use. */
  get bytes(): number {
    return this.#store.bytes;
  }

  /** The copy in the order of `packing`, made at the first call. @throws disposed, limit-too-small, out-of-memory */
  memoryFor(packing: Packing, problem: AnyProblem): Promise<Memory> {
    this.#orders.add(packing.name);
    return this.#store.get(this.#weight, packing, problem);
  }

  /** Throws where it cannot be used any more; `label` names it. @throws disposed */
  check(label: string): void {
    if (this.#isDisposed) throw new FcnError("disposed", `${label} was disposed; make it again`);
  }

  /** Frees its memory. Idempotent. */
  dispose(): void {
    this.#isDisposed = true;
    this.#store.dispose();
  }
}
