/**
 * The books of a device's memory: bytes of the buffers and textures that were made and not freed. WebGPU says that memory ran
 * out but not how much was asked for nor how much was taken; these books do. https://www.w3.org/TR/webgpu/#gpuoutofmemoryerror
 */
type Resource = GPUBuffer | GPUTexture;

/** Bytes of each resource and whose books they are in. Weak: what the garbage collector takes needs no entry. */
const entries = new WeakMap<Resource, { readonly books: Allocations; readonly bytes: number }>();

export class Allocations {
  #bytes = 0;
  #journal: Resource[] | undefined;

  constructor(private readonly gpu: GPUDevice) {}

  /** Bytes in buffers and textures now. */
  get bytes(): number {
    return this.#bytes;
  }

  buffer(descriptor: GPUBufferDescriptor): GPUBuffer {
    return this.#enter(this.gpu.createBuffer(descriptor), descriptor.size);
  }

  /** `bytes` is what the texture's texels take. */
  texture(descriptor: GPUTextureDescriptor, bytes: number): GPUTexture {
    return this.#enter(this.gpu.createTexture(descriptor), bytes);
  }

  /** Runs `work` and says what it made. Not to be nested. */
  record<T>(work: () => T): { readonly value: T; readonly made: readonly Resource[]; readonly bytes: number } {
    const [before, made] = [this.#bytes, (this.#journal = [])];
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
    entries.set(resource, { books: this, bytes });
    return resource;
  }

  /** Destroys `resource` and strikes it off the books. May be called again. */
  static release(resource: Resource): void {
    resource.destroy();
    const entry = entries.get(resource);
    if (!entry) return;
    entries.delete(resource);
    entry.books.#bytes -= entry.bytes;
  }
}

export const release = (resource: Resource): void => Allocations.release(resource);

/** `12.3 MB`, for messages. */
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
