/**
 * Counts the buffers and textures of a device that were created and not destroyed. It does not rely on what the library
 * itself records.
 */
import type { Device } from "../../src/gpu/device.js";

export interface LiveMemory {
  /** Buffers and textures that were created since watching began and are not destroyed. */
  readonly count: number;
  readonly bytes: number;
  stop(): void;
}

/** Bytes of a texel of rgba32float, the only texture format in use. */
const TEXEL = 16;

export function watchMemory(device: Device): LiveMemory {
  const { gpu } = device;
  const live = new Map<object, number>();
  const watch = <T extends GPUBuffer | GPUTexture>(resource: T, bytes: number): T => {
    const destroy = resource.destroy.bind(resource);
    live.set(resource, bytes);
    const destroyAndForget = (): void => {
      live.delete(resource);
      destroy();
    };
    Object.defineProperty(resource, "destroy", { value: destroyAndForget });
    return resource;
  };
  const createBuffer = gpu.createBuffer.bind(gpu);
  const createTexture = gpu.createTexture.bind(gpu);
  const watchedBuffer = (descriptor: GPUBufferDescriptor): GPUBuffer =>
    watch(createBuffer(descriptor), descriptor.size);
  const watchedTexture = (descriptor: GPUTextureDescriptor): GPUTexture => {
    const texture = createTexture(descriptor);
    return watch(texture, texture.width * texture.height * TEXEL);
  };
  Object.defineProperty(gpu, "createBuffer", { configurable: true, value: watchedBuffer });
  Object.defineProperty(gpu, "createTexture", { configurable: true, value: watchedTexture });
  return {
    get count() {
      return live.size;
    },
    get bytes() {
      return [...live.values()].reduce((a, b) => a + b, 0);
    },
    stop() {
      // Without the object's own properties the prototype's methods are called again.
      for (const method of ["createBuffer", "createTexture"]) Reflect.deleteProperty(gpu, method);
    },
  };
}
