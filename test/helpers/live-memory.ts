/** Counts the buffers and textures of a device that were made and not destroyed, independently of the library's own books. */
import type { Device } from "../../src/gpu/device.js";

export interface LiveMemory {
  /** Made since watching began and still there. */
  readonly count: number;
  readonly bytes: number;
  stop(): void;
}

export function watchMemory(device: Device): LiveMemory {
  const { gpu } = device;
  const live = new Map<object, number>();
  const watch = <T extends GPUBuffer | GPUTexture>(made: T, bytes: number): T => {
    const destroy = made.destroy.bind(made);
    live.set(made, bytes);
    Object.defineProperty(made, "destroy", {
      value: () => {
        live.delete(made);
        destroy();
      },
    });
    return made;
  };
  const createBuffer = gpu.createBuffer.bind(gpu);
  const createTexture = gpu.createTexture.bind(gpu);
  Object.defineProperty(gpu, "createBuffer", {
    configurable: true,
    value: (d: GPUBufferDescriptor) => watch(createBuffer(d), d.size),
  });
  Object.defineProperty(gpu, "createTexture", {
    configurable: true,
    value: (d: GPUTextureDescriptor) => {
      const texture = createTexture(d);
      return watch(texture, texture.width * texture.height * 16); // rgba32float, the only format in use
    },
  });
  return {
    get count() {
      return live.size;
    },
    get bytes() {
      return [...live.values()].reduce((a, b) => a + b, 0);
    },
    stop() {
      for (const method of ["createBuffer", "createTexture"])
        delete (gpu as unknown as Record<string, unknown>)[method]; // the prototype's show again
    },
  };
}
