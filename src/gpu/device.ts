/**
 * A WebGPU device and its asynchronous errors. WebGPU reports validation errors and the loss of a device through
 * events. Here both become a typed error at the next await. https://www.w3.org/TR/webgpu/#errors-and-debugging
 */
import { FcnError, firstLineOf, messageOf } from "../base/errors.js";
import { checkKind } from "../base/options.js";
import type { DeviceTraits, MatrixSyntax } from "../kernel/variant.js";
import { adapterLabel } from "./adapter-summary.js";
import type { AdapterSummary, Pace } from "./adapter-summary.js";
import { Allocations, megabytes, release } from "./allocations.js";
import { coresOf } from "./cores.js";
import { WANTED_LIMITS } from "./limits.js";
import type { LimitName } from "./limits.js";
import type { MatrixSupport } from "./subgroup-matrix.js";

/** Is called with the error, whose code is device-lost. It must not throw. */
export type LostListener = (error: FcnError) => void;

/** How long the event of a loss may arrive after its first effect: in Node a turn, in Chrome a few milliseconds. */
const LOSS_EVENT_MS = 500;

/**
 * A GPU device with the limits and features that kernels use. requestDevice() opens one. Models, tensors and plans may
 * share it; whoever opened it disposes of it.
 * @example
 * import { Tensor, requestDevice } from "fcn-webgpu/node";
 *
 * const device = await requestDevice();
 * const x = await Tensor.empty(device, [1, 3, 8, 8]);
 * console.log(device.allocations.bytes); // prints 1024
 * x.dispose();
 * device.dispose();
 */
export class Device implements DeviceTraits {
  /** Features of WebGPU that are switched on: "timestamp-query", "shader-f16", "subgroups" and the like. */
  readonly features: ReadonlySet<string>;
  /** Its limits: bytes of a buffer and of a binding, pixels of a texture's side, threads of a workgroup. */
  readonly limits: Readonly<Record<LimitName, number>>;
  /** As the adapter says it; empty where the browser hides it. */
  readonly vendor: string;
  /** As the adapter says it; empty where the browser hides it. */
  readonly architecture: string;
  readonly subgroupSize: number;
  readonly software: boolean;
  readonly subgroupMatrix: MatrixSyntax | undefined;
  readonly refused = new Map<object, string>();
  /** Resolves with the typed error when the device is lost. Stays pending after dispose(). */
  readonly lost: Promise<FcnError>;
  /** Accounts of the memory that this library took on the device. */
  readonly allocations: Allocations;
  #lostError: FcnError | undefined;
  #uncaptured: FcnError | undefined;
  #disposed = false;
  readonly #listeners = new Set<LostListener>();
  readonly #pace: Pace | undefined;

  /** requestDevice() calls it. */
  constructor(
    /** WebGPU's own device. */
    readonly gpu: GPUDevice,
    /** The adapter it was opened on. */
    readonly adapter: AdapterSummary,
    pace?: Pace,
    /** Tensor cores, or why they are not used. */
    readonly matrixSupport: MatrixSupport = { note: "not used: the device was not asked" },
    /** As DeviceTraits has it. */
    readonly cores = coresOf(adapter),
  ) {
    this.features = new Set(gpu.features);
    this.limits = Object.fromEntries(WANTED_LIMITS.map((k) => [k, gpu.limits[k]])) as Record<LimitName, number>;
    this.vendor = adapter.vendor;
    this.architecture = adapter.architecture;
    this.subgroupSize = adapter.subgroupSize;
    this.software = adapter.software;
    this.allocations = new Allocations(gpu);
    this.subgroupMatrix = matrixSupport.syntax;
    this.#pace = pace;
    this.lost = new Promise((resolve) => {
      void gpu.lost.then((info) => this.#noteLoss(info, resolve));
    });
    gpu.addEventListener("uncapturederror", this.#noteUncaptured);
  }

  #noteLoss(info: GPUDeviceLostInfo, resolve: (error: FcnError) => void): void {
    // Dawn in Node keeps listeners and everything they reference for the life of the process.
    this.gpu.removeEventListener("uncapturederror", this.#noteUncaptured);
    if (this.#disposed) return; // our own destroy() is not a loss
    const why = info.message.trim() || info.reason || "no reason given";
    const error = new FcnError("device-lost", `the GPU device "${this.label}" was lost: ${why}`);
    this.#lostError = error;
    for (const listener of this.#listeners) listener(error);
    resolve(error);
  }

  readonly #noteUncaptured = (event: GPUUncapturedErrorEvent): void => {
    event.preventDefault?.();
    this.#uncaptured ??= this.#errorOf(event.error);
  };

  #errorOf(error: GPUError): FcnError {
    // Compared by name because the class is not a global in Node.
    if (error.constructor.name !== "GPUOutOfMemoryError") {
      return new FcnError("gpu-error", `WebGPU reported: ${error.message}`);
    }
    const held = `this device holds ${megabytes(this.allocations.bytes)} for this library`;
    return outOfMemory(`the GPU is out of memory; ${held}`, error.message);
  }

  /** The adapter's name for messages and reports. */
  get label(): string {
    return adapterLabel(this.adapter);
  }

  /** "Device", for Object.prototype.toString. */
  get [Symbol.toStringTag](): string {
    return "Device";
  }

  /** Whether dispose() was called. */
  get disposed(): boolean {
    return this.#disposed;
  }

  /** The error of the loss, once the device was lost. */
  get lostError(): FcnError | undefined {
    return this.#lostError;
  }

  /**
   * Calls `listener` when the device is lost; it must not throw. Returns an unsubscribe function. Prefer it to `lost`
   * in short-lived objects: a promise retains its callbacks.
   * @throws bad-option for a listener that is not a function
   */
  onLost(listener: LostListener): () => void {
    checkKind("device.onLost: listener", listener, "a function");
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Throws where the device cannot be used any more. @throws disposed, device-lost */
  assertUsable(): void {
    if (this.#disposed) throw new FcnError("disposed", "this device was disposed; request a new one");
    if (this.#lostError) throw this.#lostError;
  }

  /** Throws what happened since the last check. @throws disposed, device-lost, gpu-error, out-of-memory */
  check(): void {
    this.assertUsable();
    const error = this.#uncaptured;
    this.#uncaptured = undefined;
    if (error) throw error;
  }

  /** Awaits GPU work. Rejects with the typed error when the device is lost or WebGPU reported an error. */
  async settle<T>(work: Promise<T>): Promise<T> {
    const value = await this.#untilLost(work);
    this.check();
    return value;
  }

  async #untilLost<T>(work: Promise<T>): Promise<T> {
    let unsubscribe: (() => void) | undefined;
    try {
      return await new Promise<T>((resolve, reject) => {
        unsubscribe = this.onLost(reject);
        const wait = this.#pace ? this.#pace(work, this.software) : work;
        wait.then(resolve, reject);
        if (this.#lostError) reject(this.#lostError);
      });
    } catch (error) {
      if (error instanceof FcnError) throw error;
      await this.#waitForLossEvent();
      this.check();
      throw new FcnError("gpu-error", `waiting for the GPU failed: ${messageOf(error)}`, { cause: error });
    } finally {
      unsubscribe?.();
    }
  }

  /** A map that fails because the device is gone rejects before `gpu.lost` resolves. */
  async #waitForLossEvent(): Promise<void> {
    if (this.#disposed || this.#lostError || this.#uncaptured) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        unsubscribe();
        resolve();
      };
      const unsubscribe = this.onLost(end);
      const timer = setTimeout(end, LOSS_EVENT_MS);
    });
  }

  /**
   * Runs `work`, which must be synchronous, under error scopes. When WebGPU reports an error or the device is lost, all
   * buffers and textures that `work` created are freed. `what` names the work in messages.
   * @throws out-of-memory with the sizes, gpu-error, device-lost, disposed, bad-option
   */
  async scoped<T>(what: string, work: () => T): Promise<T> {
    checkKind("device.scoped: work", work, "a function");
    this.check();
    const held = this.allocations.bytes;
    this.gpu.pushErrorScope("out-of-memory");
    this.gpu.pushErrorScope("validation");
    let recorded: ReturnType<typeof this.allocations.record<T>>;
    let scopes: Promise<GPUError | null>[];
    try {
      recorded = this.allocations.record(work);
    } finally {
      // Popping fails only on a lost device, which check() reports.
      scopes = [this.gpu.popErrorScope(), this.gpu.popErrorScope()].map((scope) => scope.catch(() => null));
    }
    try {
      const [invalid, memory] = await Promise.all(scopes);
      if (memory) {
        const needed = `${megabytes(recorded.bytes)} more than the ${megabytes(held)}`;
        const sentence = `${what}: the GPU is out of memory for ${needed} that this device holds for this library`;
        throw outOfMemory(sentence, memory.message);
      }
      if (invalid) throw new FcnError("gpu-error", `${what}: ${invalid.message}`);
      this.check();
    } catch (error) {
      recorded.made.forEach(release);
      throw error;
    }
    return recorded.value;
  }

  /** Frees everything made on this device. Idempotent. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.gpu.destroy();
  }
}

/** What a device must be, in the words of checkOptions(). */
export const DEVICE_KIND = "a Device of requestDevice()";

/** @throws bad-option when `device` is something else */
export function checkDevice(call: string, device: Device): void {
  checkKind(`${call}: device`, device, DEVICE_KIND);
}

function outOfMemory(sentence: string, report: string): FcnError {
  return new FcnError(
    "out-of-memory",
    `${sentence} (${firstLineOf(report)}); dispose of models, or use smaller pictures`,
  );
}
