/**
 * The device: adapter, limits, features, and what goes wrong asynchronously. WebGPU reports validation errors and the loss of
 * a device through events; here both become a typed error at the next await. Works on any `GPU` object: `navigator.gpu` in
 * browsers and workers, the `webgpu` package in Node (see node.ts). https://www.w3.org/TR/webgpu/
 */
import { FcnError, messageOf } from "../base/errors.js";
import { checkOneOf, checkOptions } from "../base/options.js";
import type { DeviceTraits, MatrixSyntax } from "../kernel/variant.js";
import { Allocations, megabytes, release } from "./allocations.js";
import { MATRIX_FEATURE, probeSubgroupMatrix } from "./subgroup-matrix.js";
import type { MatrixSupport } from "./subgroup-matrix.js";

/** Limits raised to what the adapter has: kernels ask for storage, never for more than is there. */
const WANTED_LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxStorageTexturesPerShaderStage",
  "maxTextureDimension2D",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupSizeZ",
  "maxComputeWorkgroupsPerDimension",
] as const;
export type LimitName = (typeof WANTED_LIMITS)[number];

/** Features used when present, never required. */
const WANTED_FEATURES = ["timestamp-query", "shader-f16", "subgroups", MATRIX_FEATURE];

export interface AdapterSummary {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  /** Software adapters (llvmpipe, SwiftShader) run on the CPU. */
  readonly software: boolean;
  readonly subgroupSize: number;
}

/** Wraps a wait for a device; `software` says whether its adapter runs on the CPU. */
export type Pace = <T>(wait: Promise<T>, software: boolean) => Promise<T>;

export interface DeviceOptions {
  readonly powerPreference?: "high-performance" | "low-power";
  /** The GPU entry point; `navigator.gpu` when left out. */
  readonly gpu?: GPU;
  /** Wraps long waits on the GPU; Node uses it so that waiting does not busy-poll a core. */
  readonly pace?: Pace;
}

/** Milliseconds that the news of a loss may take after its first effect. */
const NEWS_MS = 500;

export type LostListener = (error: FcnError) => void;

export class Device implements DeviceTraits {
  readonly features: ReadonlySet<string>;
  readonly limits: Readonly<Record<LimitName, number>>;
  readonly vendor: string;
  readonly architecture: string;
  readonly subgroupSize: number;
  readonly software: boolean;
  readonly subgroupMatrix: MatrixSyntax | undefined;
  readonly refused = new Map<object, string>();
  /** Resolves with the typed error when the device is lost; stays pending after a plain dispose(). */
  readonly lost: Promise<FcnError>;
  /** Books of the memory taken on it. */
  readonly allocations: Allocations;
  #lostError: FcnError | undefined;
  #uncaptured: FcnError | undefined;
  #disposed = false;
  readonly #listeners = new Set<LostListener>();
  readonly #pace: Pace | undefined;

  constructor(
    readonly gpu: GPUDevice,
    readonly adapter: AdapterSummary,
    pace?: Pace,
    /** Tensor cores, or why they are not used. */
    readonly matrixSupport: MatrixSupport = { note: "not used: the device was not asked" },
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
      void gpu.lost.then((info) => {
        // Dawn in Node keeps listeners, and all that they know of, for ever.
        gpu.removeEventListener("uncapturederror", this.#noteUncaptured);
        if (this.#disposed) return; // our own destroy() is not a loss
        const why = info.message.trim() || info.reason || "no reason given";
        const error = new FcnError("device-lost", `the GPU device "${this.label}" was lost: ${why}`);
        this.#lostError = error;
        for (const listener of this.#listeners) listener(error);
        resolve(error);
      });
    });
    gpu.addEventListener("uncapturederror", this.#noteUncaptured);
  }

  readonly #noteUncaptured = (event: GPUUncapturedErrorEvent): void => {
    event.preventDefault?.();
    const { error } = event;
    // By name: in Node the class is not global.
    this.#uncaptured ??=
      error.constructor.name === "GPUOutOfMemoryError"
        ? new FcnError(
            "out-of-memory",
            `the GPU is out of memory; this device holds ${megabytes(this.allocations.bytes)} for this library (${firstLine(error.message)}); dispose of models, or use smaller pictures`,
          )
        : new FcnError("gpu-error", `WebGPU reported: ${error.message}`);
  };

  /** What to call this adapter in messages and reports. */
  get label(): string {
    const { vendor, architecture, device, description } = this.adapter;
    // Dawn puts dashes for what is no letter or number, a last bracket included.
    return (
      device.replace(/-+$/, "") || description || [vendor, architecture].filter(Boolean).join(" ") || "unnamed adapter"
    );
  }

  get [Symbol.toStringTag](): string {
    return "Device";
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  /** Why the device was lost, once it was. */
  get lostError(): FcnError | undefined {
    return this.#lostError;
  }

  /**
   * Calls `listener`, which must not throw, when the device is lost. Returns what takes it off again. Prefer it to `lost` in what
   * lives shorter than the device: a promise never forgets who waits for it.
   */
  onLost(listener: LostListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** @throws disposed, device-lost */
  assertUsable(): void {
    if (this.#disposed) throw new FcnError("disposed", "this device was disposed; request a new one");
    if (this.#lostError) throw this.#lostError;
  }

  /** Throws what has happened since the last look: disposed, lost, or an error WebGPU reported on its own. */
  check(): void {
    this.assertUsable();
    const error = this.#uncaptured;
    this.#uncaptured = undefined;
    if (error) throw error;
  }

  /** Awaits GPU work; a lost device or an uncaptured error rejects it with the typed error. */
  async settle<T>(work: Promise<T>): Promise<T> {
    let value: T;
    let forget: (() => void) | undefined;
    try {
      value = await new Promise<T>((resolve, reject) => {
        forget = this.onLost(reject);
        (this.#pace ? this.#pace(work, this.software) : work).then(resolve, reject);
        if (this.#lostError) reject(this.#lostError);
      });
    } catch (error) {
      if (error instanceof FcnError) throw error;
      await this.#newsOfLoss();
      this.check();
      throw new FcnError("gpu-error", `waiting for the GPU failed: ${messageOf(error)}`, { cause: error });
    } finally {
      forget?.();
    }
    this.check();
    return value;
  }

  /** A map that fails because the device is gone rejects before `lost` resolves: in Node by a turn, in Chrome by a few milliseconds. */
  async #newsOfLoss(): Promise<void> {
    if (this.#disposed || this.#lostError || this.#uncaptured) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        forget();
        resolve();
      };
      const forget = this.onLost(end);
      const timer = setTimeout(end, NEWS_MS);
    });
  }

  /**
   * Runs `work`, which must be synchronous, under error scopes. When WebGPU reports an error, or the device is lost meanwhile, all
   * buffers and textures that `work` made are freed. `what` names it. @throws out-of-memory with the sizes, gpu-error, device-lost
   */
  async scoped<T>(what: string, work: () => T): Promise<T> {
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
        const sizes = `${megabytes(recorded.bytes)} more than the ${megabytes(held)} that this device holds for this library`;
        throw new FcnError(
          "out-of-memory",
          `${what}: the GPU is out of memory for ${sizes} (${firstLine(memory.message)}); dispose of models, or use smaller pictures`,
        );
      }
      if (invalid) throw new FcnError("gpu-error", `${what}: ${invalid.message}`);
      this.check();
    } catch (error) {
      recorded.made.forEach(release);
      throw error;
    }
    return recorded.value;
  }

  /** Frees everything made on this device. May be called any number of times. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.gpu.destroy();
  }
}

const firstLine = (message: string): string => message.trim().split("\n")[0] ?? "";

function summarise(adapter: GPUAdapter): AdapterSummary {
  const info = adapter.info;
  const text = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`;
  return {
    vendor: info.vendor,
    architecture: info.architecture,
    device: info.device,
    description: info.description,
    software: /llvmpipe|lavapipe|swiftshader|software|cpu/i.test(text),
    subgroupSize: info.subgroupMinSize || 0,
  };
}

/** The runtime's own WebGPU. @throws no-webgpu */
export function runtimeGpu(): GPU {
  const gpu = (globalThis.navigator as Navigator | undefined)?.gpu;
  if (gpu) return gpu;
  // Browsers hide it from pages that came over plain HTTP from another machine.
  const cure =
    globalThis.isSecureContext === false
      ? "serve the page over https or from localhost"
      : "use Chrome or Edge 113+, Safari 26+, Firefox 141+, or import fcn-webgpu/node in Node";
  throw new FcnError("no-webgpu", `this runtime has no WebGPU (navigator.gpu is missing): ${cure}`);
}

/** Asks `gpu` for its adapter and opens a device with the features and limits the kernels can use. @throws no-webgpu, no-adapter, bad-option */
export async function requestDevice(options: DeviceOptions = {}): Promise<Device> {
  checkOptions("requestDevice({ powerPreference: ... })", options, {
    powerPreference: "a string",
    gpu: "a GPU object such as navigator.gpu",
    pace: "a function",
  });
  checkOneOf("powerPreference", options.powerPreference, ["high-performance", "low-power"]);
  const gpu = options.gpu ?? runtimeGpu();
  const wish = options.powerPreference ? { powerPreference: options.powerPreference } : {};
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance", ...wish });
  if (!adapter) {
    throw new FcnError(
      "no-adapter",
      "WebGPU found no graphics adapter: install a Vulkan driver (Debian 12: Mesa 25's mesa-vulkan-drivers from bookworm-backports; `npm run setup` in a checkout does it), or turn on hardware acceleration in the browser",
    );
  }
  const requiredLimits = Object.fromEntries(WANTED_LIMITS.map((k) => [k, adapter.limits[k]]));
  const requiredFeatures = WANTED_FEATURES.filter((f) => adapter.features.has(f)) as GPUFeatureName[];
  let device: GPUDevice;
  try {
    device = await adapter.requestDevice({ requiredLimits, requiredFeatures });
  } catch (error) {
    throw new FcnError(
      "no-adapter",
      `the adapter "${adapter.info.description}" refused a device: ${messageOf(error)}`,
      { cause: error },
    );
  }
  return new Device(device, summarise(adapter), options.pace, await probeSubgroupMatrix(device, adapter.info));
}
