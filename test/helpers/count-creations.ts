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

export async function countingCreations(
  device: Device,
  work: () => Promise<unknown>,
): Promise<Partial<Record<(typeof METHODS)[number], number>>> {
  const counts: Partial<Record<(typeof METHODS)[number], number>> = {};
  const { gpu } = device;
  for (const method of METHODS) {
    const original = gpu[method].bind(gpu) as (...args: unknown[]) => unknown;
    Object.defineProperty(gpu, method, {
      configurable: true,
      value: (...args: unknown[]) => {
        counts[method] = (counts[method] ?? 0) + 1;
        return original(...args);
      },
    });
  }
  try {
    await work();
  } finally {
    for (const method of METHODS) delete (gpu as unknown as Record<string, unknown>)[method]; // the prototype's shows again
  }
  return counts;
}
