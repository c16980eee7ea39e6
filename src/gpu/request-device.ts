/**
 * Opens a device on any `GPU` object: `navigator.gpu` in browsers and workers, the `webgpu` package in Node
 * (node-device.ts).
 */
import { FcnError, messageOf } from "../base/errors.js";
import { checkOneOf, checkOptions } from "../base/options.js";
import { summariseAdapter } from "./adapter-summary.js";
import type { AdapterSummary, Pace } from "./adapter-summary.js";
import { Device } from "./device.js";
import { WANTED_LIMITS } from "./limits.js";
import { MATRIX_FEATURE, matrixSupportOf } from "./subgroup-matrix.js";

/** Features that are used when present and never required. */
const WANTED_FEATURES = ["timestamp-query", "shader-f16", "subgroups", MATRIX_FEATURE];

/** How a device is opened. */
export interface DeviceOptions {
  /** Which adapter, where a machine has several. Default "high-performance". */
  readonly powerPreference?: "high-performance" | "low-power";
  /** The GPU entry point. Default: `navigator.gpu`. */
  readonly gpu?: GPU;
  /** Wraps long waits on the GPU. Node uses it so that waiting does not busy-poll a core. */
  readonly pace?: Pace;
}

/** The runtime's own WebGPU. @throws no-webgpu */
export function runtimeGpu(): GPU {
  const gpu = (globalThis.navigator as Navigator | undefined)?.gpu;
  if (gpu) return gpu;
  // Browsers hide WebGPU from pages that another machine served over plain HTTP.
  const cure =
    globalThis.isSecureContext === false
      ? "serve the page over https or from localhost"
      : "use Chrome or Edge 113+, Safari 26+, Firefox 141+, or import fcn-webgpu/node in Node";
  throw new FcnError("no-webgpu", `this runtime has no WebGPU (navigator.gpu is missing): ${cure}`);
}

/**
 * Asks `gpu` for its adapter and opens a device with the features and limits that the kernels can use.
 * @throws no-webgpu, no-adapter, bad-option
 * @example
 * import { loadFcn, requestDevice } from "fcn-webgpu";
 *
 * const device = await requestDevice({ powerPreference: "low-power" });
 * const [coarse, fine] = [await loadFcn({ device, variant: "fcn32s" }), await loadFcn({ device, variant: "fcn8s" })];
 * console.log(device.label, coarse.variant, fine.variant);
 */
export function requestDevice(options: DeviceOptions = {}): Promise<Device> {
  return requestDeviceAs(options, (adapter) => adapter);
}

/**
 * As requestDevice(). `revise` changes what the library takes the adapter for, and `cores` counts its cores, where it
 * is not cores.ts that does.
 */
export async function requestDeviceAs(
  options: DeviceOptions,
  revise: (adapter: AdapterSummary) => AdapterSummary,
  cores?: (adapter: AdapterSummary) => number,
): Promise<Device> {
  checkOptions("requestDevice({ powerPreference: ... })", options, {
    powerPreference: "a string",
    gpu: "a GPU object such as navigator.gpu",
    pace: "a function",
  });
  checkOneOf("powerPreference", options.powerPreference, ["high-performance", "low-power"]);
  const gpu = options.gpu ?? runtimeGpu();
  const adapter = await gpu.requestAdapter({ powerPreference: options.powerPreference ?? "high-performance" });
  if (!adapter) {
    // node-device.ts says more.
    throw new FcnError("no-adapter", "WebGPU found no graphics adapter: turn on hardware acceleration in the browser");
  }
  const device = await openDevice(adapter);
  const summary = revise(summariseAdapter(adapter));
  const matrices = await matrixSupportOf(device, adapter.info);
  return new Device(device, summary, options.pace, matrices, cores?.(summary));
}

async function openDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  const requiredLimits = Object.fromEntries(WANTED_LIMITS.map((name) => [name, adapter.limits[name]]));
  const requiredFeatures = WANTED_FEATURES.filter((name) => adapter.features.has(name)) as GPUFeatureName[];
  try {
    return await adapter.requestDevice({ requiredLimits, requiredFeatures });
  } catch (error) {
    const message = `the adapter "${adapter.info.description}" refused a device: ${messageOf(error)}`;
    throw new FcnError("no-adapter", message, { cause: error });
  }
}
