/**
 * A GPU that runs out of memory: an allocation beyond a budget is reported to the error scope around it, as WebGPU
 * does, or as an uncaptured error. Software adapters hand out memory until the machine dies, so no test can use a
 * real shortage.
 */
import type { Device } from "../../src/gpu/device.js";
import { watchMemory } from "./live-memory.js";

class GPUOutOfMemoryError {
  readonly message = "there is no room\nfor that";
}

interface ErrorScope {
  readonly filter: string;
  error?: GPUOutOfMemoryError;
}

export interface Budget {
  /** Bytes that may be live. */
  bytes: number;
  /** Live buffers and textures, and their bytes. */
  readonly live: { readonly count: number; readonly bytes: number };
}

export function limitMemory(device: Device, bytes: number): Budget {
  const { gpu } = device;
  const live = watchMemory(device);
  const budget: Budget = { bytes, live };
  const scopes: ErrorScope[] = [];
  const check = <T>(made: T): T => {
    if (live.bytes <= budget.bytes) return made;
    const scope = scopes.findLast(({ filter }) => filter === "out-of-memory");
    if (scope) scope.error ??= new GPUOutOfMemoryError();
    else report(device, new GPUOutOfMemoryError());
    return made;
  };
  const [createBuffer, createTexture] = [gpu.createBuffer.bind(gpu), gpu.createTexture.bind(gpu)];
  const [push, pop] = [gpu.pushErrorScope.bind(gpu), gpu.popErrorScope.bind(gpu)];
  Object.defineProperty(gpu, "createBuffer", { value: (d: GPUBufferDescriptor) => check(createBuffer(d)) });
  Object.defineProperty(gpu, "createTexture", { value: (d: GPUTextureDescriptor) => check(createTexture(d)) });
  Object.defineProperty(gpu, "pushErrorScope", {
    value: (filter: GPUErrorFilter) => {
      scopes.push({ filter });
      push(filter);
    },
  });
  Object.defineProperty(gpu, "popErrorScope", {
    value: async () => {
      const scope = scopes.pop();
      const real = await pop();
      return scope?.error ?? real;
    },
  });
  return budget;
}

/** What WebGPU does with an error outside of all scopes. */
export function report(device: Device, error: object): void {
  device.gpu.dispatchEvent(Object.assign(new Event("uncapturederror"), { error }));
}
