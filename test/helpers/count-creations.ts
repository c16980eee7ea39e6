/** Counts what is created on a device while something runs. */
import type { Device } from "../../src/gpu/device.js";

const METHODS = [
  "createBuffer",
  "createTexture",
  "createBindGroup",
  "createBindGroupLayout",
  "createShaderModule",
  "createComputePipeline",
  "createComputePipelineAsync",
  "createQuerySet",
] as const;

/** Calls by method. A method that was not called is absent. */
export type Creations = Partial<Record<(typeof METHODS)[number], number>>;

export async function countingCreations(device: Device, work: () => Promise<unknown>): Promise<Creations> {
  const counts: Creations = {};
  const { gpu } = device;
  for (const method of METHODS) {
    const original = gpu[method].bind(gpu) as (...args: unknown[]) => unknown;
    const counted = (...args: unknown[]): unknown => {
      counts[method] = (counts[method] ?? 0) + 1;
      return original(...args);
    };
    Object.defineProperty(gpu, method, { configurable: true, value: counted });
  }
  try {
    await work();
  } finally {
    // Without the object's own properties the prototype's methods are called again.
    for (const method of METHODS) Reflect.deleteProperty(gpu, method);
  }
  return counts;
}
