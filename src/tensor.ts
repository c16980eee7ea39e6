/**
 * A tensor in GPU memory that the caller owns: [N, C, H, W] to the user, one of the layouts of layout.ts inside. For calling
 * kernels on their own; models keep their tensors inside a plan. Free it with dispose() (or `using`).
 */
import type { Device } from "./device.js";
import { FcnError, badShape, limitTooSmall } from "./errors.js";
import { layouts, sizeOf } from "./layout.js";
import type { DType, HostArray, LayoutName, Nchw } from "./layout.js";

const MAP_READ = 0x1;
const COPY_SRC = 0x4;
const COPY_DST = 0x8;
const STORAGE = 0x80;
const MODE_READ = 1;

/** The layout a dtype gets when none is asked for. */
export function defaultLayout(dtype: DType, channels: number): LayoutName {
  if (dtype === "f32") return "nhwc4";
  if (dtype === "f16") return "nhwc4-f16";
  if (dtype === "u32") return channels === 1 ? "u32" : "nhwc4-u32";
  if (channels === 1) return "u8";
  if (channels === 4) return "rgba8";
  throw badShape(`tensor: u8 tensors hold labels (C = 1) or RGBA (C = 4), got C = ${channels}`);
}

export interface TensorOptions {
  /** Element type; f16 is storage only, kernels compute in f32. Default f32. */
  readonly dtype?: DType;
  readonly layout?: LayoutName;
  readonly label?: string;
}

export class Tensor {
  #disposed = false;

  /** Wraps `binding`; Tensor.from and runKernel make tensors, user code rarely needs this. */
  constructor(
    readonly device: Device,
    readonly shape: Nchw,
    readonly layout: LayoutName,
    readonly binding: GPUBufferBinding & { readonly size: number },
    readonly label = "tensor",
  ) {
    // Symbol.dispose is missing in older browsers; where it is there, `using t = ...` works.
    if (typeof Symbol.dispose === "symbol") Object.defineProperty(this, Symbol.dispose, { value: () => this.dispose() });
  }

  get dtype(): DType {
    return layouts[this.layout].dtype;
  }

  /**
   * Uploads `values`, given in [N, C, H, W] order.
   * @throws bad-shape when the count differs from the shape's; limit-too-small when the device cannot hold it.
   */
  static async from(device: Device, values: ArrayLike<number>, shape: readonly number[], options: TensorOptions = {}): Promise<Tensor> {
    const full = checkShape(shape);
    if (values.length !== sizeOf(full)) {
      throw badShape(`tensor [${shape.join(",")}] needs ${sizeOf(full)} values, got ${values.length}`);
    }
    const layout = options.layout ?? defaultLayout(options.dtype ?? "f32", full[1]);
    const tensor = await Tensor.empty(device, full, { ...options, layout });
    device.gpu.queue.writeBuffer(tensor.binding.buffer, 0, layouts[layout].pack(values, full));
    return tensor;
  }

  /** A tensor of zeros. */
  static async empty(device: Device, shape: readonly number[], options: TensorOptions = {}): Promise<Tensor> {
    const full = checkShape(shape);
    const layout = options.layout ?? defaultLayout(options.dtype ?? "f32", full[1]);
    const size = layouts[layout].byteSize(full);
    const label = options.label ?? "tensor";
    const limit = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize);
    if (size > limit) throw limitTooSmall(`${label} [${full.join(",")}]`, "maxStorageBufferBindingSize", size, limit);
    const usage = STORAGE | COPY_SRC | COPY_DST;
    const buffer = await device.scoped(label, () => device.gpu.createBuffer({ label, size, usage }));
    return new Tensor(device, full, layout, { buffer, offset: 0, size }, label);
  }

  /** The values in [N, C, H, W] order: Float32Array for f32 and f16, Uint32Array or Uint8Array for integers. */
  async read(): Promise<HostArray> {
    return layouts[this.layout].unpack(await this.readBytes(), this.shape);
  }

  /** The bytes as they lie in GPU memory. */
  async readBytes(): Promise<ArrayBuffer> {
    this.check();
    const { gpu } = this.device;
    const { buffer, offset = 0, size } = this.binding;
    const staging = await this.device.scoped(this.label, () => gpu.createBuffer({ size, usage: MAP_READ | COPY_DST }));
    try {
      const encoder = gpu.createCommandEncoder();
      encoder.copyBufferToBuffer(buffer, offset, staging, 0, size);
      gpu.queue.submit([encoder.finish()]);
      await this.device.settle(staging.mapAsync(MODE_READ));
      return staging.getMappedRange().slice(0);
    } finally {
      staging.destroy();
    }
  }

  /** Throws `disposed` when the tensor or its device is gone. */
  check(): void {
    if (this.#disposed) throw new FcnError("disposed", `${this.label} [${this.shape.join(",")}] was disposed`);
    this.device.check();
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.binding.buffer.destroy();
  }
}

function checkShape(shape: readonly number[]): Nchw {
  if (shape.length !== 4 || shape.some((d) => !Number.isInteger(d) || d < 1)) {
    throw badShape(`tensor: shape [${shape.join(",")}] needs 4 positive integers [N, C, H, W]`);
  }
  return shape as unknown as Nchw;
}
