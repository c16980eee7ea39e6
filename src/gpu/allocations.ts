/**
 * Accounts of a device's memory: the bytes of all buffers and textures that were created and not released. When WebGPU
 * runs out of memory it says neither how much was asked for nor how much was in use.
 * https://www.w3.org/TR/webgpu/#gpuoutofmemoryerror
 */
type Resource = GPUBuffer | GPUTexture;

/** Each resource's account and bytes. Weak, so resources that the garbage collector takes need no entry. */
const entries = new WeakMap<Resource, { readonly account: Allocations; readonly bytes: number }>();

export class Allocations {
  #bytes = 0;
  #journal: Resource[] | undefined;

  readonly #gpu: GPUDevice;

  constructor(gpu: GPUDevice) {
    this.#gpu = gpu;
  }

  /** Bytes in buffers and textures now. */
  get bytes(): number {
    return this.#bytes;
  }

  buffer(descriptor: GPUBufferDescriptor): GPUBuffer {
    return this.#enter(this.#gpu.createBuffer(descriptor), descriptor.size);
  }

  /** `bytes` is the size of the texture's texels. */
  texture(descriptor: GPUTextureDescriptor, bytes: number): GPUTexture {
    return this.#enter(this.#gpu.createTexture(descriptor), bytes);
  }

  /** Runs `work` and returns what it created. Frees all of it when `work` throws. Calls must not be nested. */
  record<T>(work: () => T): { readonly value: T; readonly made: readonly Resource[]; readonly bytes: number } {
    const before = this.#bytes;
    const made: Resource[] = [];
    this.#journal = made;
    try {
      return { value: work(), made, bytes: this.#bytes - before };
    } catch (error) {
      made.forEach(release);
      throw error;
    } finally {
      this.#journal = undefined;
    }
  }

  #enter<R extends Resource>(resource: R, bytes: number): R {
    this.#bytes += bytes;
    this.#journal?.push(resource);
    entries.set(resource, { account: this, bytes });
    return resource;
  }

  /** Destroys `resource` and takes its bytes off the account. A second call does nothing. */
  static release(resource: Resource): void {
    resource.destroy();
    const entry = entries.get(resource);
    if (!entry) return;
    entries.delete(resource);
    entry.account.#bytes -= entry.bytes;
  }
}

export const release = (resource: Resource): void => Allocations.release(resource);

/** `12.3 MB`, for messages. */
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
