/// <reference lib="esnext.disposable" preserve="true" />
/**
 * A tensor in GPU memory that the caller owns. Its shape is [N, C, H, W]; its bytes are in one of the layouts of
 * layout.ts. Use it to call kernels directly; models keep their tensors inside a plan. Free it with dispose() or
 * `using`.
 */
import { FcnError, badOption, badShape, messageOf } from "../base/errors.js";
import { checkOneOf, checkOptions, describeValue } from "../base/options.js";
import { isLayoutName } from "../kernel/border.js";
import { layoutNamed, layouts, sizeOf } from "../kernel/layout.js";
import type { DType, HostArray, LayoutName } from "../kernel/layout.js";
import { formatShape } from "../kernel/shape.js";
import type { Nchw } from "../kernel/shape.js";
import { release } from "./allocations.js";
import { checkDevice } from "./device.js";
import type { Device } from "./device.js";
import { BUFFER, MAP_MODE_READ } from "./flags.js";
import {
  checkFits,
  createBuffer,
  createTexture,
  destroy,
  encodeCopy,
  readStaging,
  stagingSize,
  write,
} from "./memory.js";
import type { Memory } from "./memory.js";

/**
 * The layout of a dtype when the caller names none.
 * @throws bad-shape for u8 tensors that are neither labels nor RGBA
 */
export function defaultLayout(dtype: DType, channels: number): LayoutName {
  if (dtype === "f32") return "nhwc4";
  if (dtype === "f16") return "nhwc4-f16";
  if (dtype === "u32") return channels === 1 ? "u32" : "nhwc4-u32";
  if (channels === 1) return "u8";
  if (channels === 4) return "rgba8";
  throw badShape(`tensor: u8 tensors hold labels (C = 1) or RGBA (C = 4), got C = ${channels}`);
}

/** How a tensor is stored. */
export interface TensorOptions {
  /**
   * Element type; f16 is storage only, kernels compute in f32. Values given beyond 65,504 become infinity in f16, as in
   * PyTorch; what kernels store there becomes 65,504. Default f32.
   */
  readonly dtype?: DType;
  /** Order of the values in memory. Default: "nhwc4" of f32, and what fits the other element types. */
  readonly layout?: LayoutName;
  /** Its name in errors. */
  readonly label?: string;
}

/**
 * A tensor [N, C, H, W] in GPU memory, for kernels and plans. It is yours: free it with dispose() or `using`.
 * @example
 * import { Tensor, requestDevice } from "fcn-webgpu/node";
 *
 * const device = await requestDevice();
 * const x = await Tensor.from(device, [1, 2, 3, 4, 5, 6], [1, 2, 1, 3]); // values in [N, C, H, W] order
 * console.log(x.dtype, x.layout, (await x.read()).join()); // prints f32 nhwc4 1,2,3,4,5,6
 * x.dispose();
 * device.dispose();
 */
export class Tensor {
  /** For `using`. Missing in browsers without Symbol.dispose. */
  declare readonly [Symbol.dispose]: () => void;
  #disposed = false;

  /** Wraps `memory`. Most callers use Tensor.from or runKernel instead. */
  constructor(
    /** Where it is. */
    readonly device: Device,
    /** [N, C, H, W]. */
    readonly shape: Nchw,
    /** Order of the values in memory. */
    readonly layout: LayoutName,
    /** The buffer, with offset and bytes, or the texture. */
    readonly memory: Memory,
    /** Its name in errors. */
    readonly label = "tensor",
  ) {
    if (typeof Symbol.dispose === "symbol")
      Object.defineProperty(this, Symbol.dispose, { value: () => this.dispose() });
  }

  /** Element type, as its layout has it. */
  get dtype(): DType {
    return layoutNamed(this.layout).dtype;
  }

  /**
   * Uploads `values`, given in [N, C, H, W] order.
   * @throws bad-shape when the count differs from the shape's; as empty()
   */
  static async from(
    device: Device,
    values: ArrayLike<number>,
    shape: readonly number[],
    options: TensorOptions = {},
  ): Promise<Tensor> {
    const full = checkShape("tensor", shape);
    const count = (values as ArrayLike<number> | undefined)?.length;
    if (count !== sizeOf(full)) {
      throw badShape(`tensor ${formatShape(shape)} needs ${sizeOf(full)} values, got ${describeValue(count)}`);
    }
    const layout = layoutFor(full, options);
    const packed = packedValues(layout, values, full);
    const tensor = await Tensor.empty(device, full, { ...options, layout });
    write(device, tensor.memory, packed);
    return tensor;
  }

  /** A tensor of zeros. @throws bad-shape, bad-option, limit-too-small, out-of-memory, device-lost, disposed */
  static async empty(device: Device, shape: readonly number[], options: TensorOptions = {}): Promise<Tensor> {
    checkDevice("tensor", device);
    const full = checkShape("tensor", shape);
    const name = layoutFor(full, options);
    const layout = layoutNamed(name);
    const label = options.label ?? "tensor";
    checkFits(device, label, layout, full);
    const extent = layout.extent?.(full);
    const memory = await device.scoped(label, () =>
      extent
        ? createTexture(device, label, extent)
        : createBuffer(device, label, layout.byteSize(full), BUFFER.COPY_SRC | BUFFER.COPY_DST),
    );
    return new Tensor(device, full, name, memory, label);
  }

  /**
   * The values in [N, C, H, W] order: Float32Array for f32 and f16, Uint32Array or Uint8Array for integers.
   * @throws disposed, out-of-memory, device-lost
   */
  async read(): Promise<HostArray> {
    return layoutNamed(this.layout).unpack(await this.readBytes(), this.shape);
  }

  /** The bytes in the tensor's layout. @throws as read() */
  async readBytes(): Promise<ArrayBuffer> {
    this.check();
    const { gpu } = this.device;
    const size = stagingSize(this.memory);
    const staging = await this.device.scoped(this.label, () =>
      this.device.allocations.buffer({ size, usage: BUFFER.MAP_READ | BUFFER.COPY_DST }),
    );
    try {
      const encoder = gpu.createCommandEncoder();
      encodeCopy(encoder, this.memory, staging);
      gpu.queue.submit([encoder.finish()]);
      await this.device.settle(staging.mapAsync(MAP_MODE_READ));
      return readStaging(this.memory, staging.getMappedRange());
    } finally {
      release(staging);
    }
  }

  /** Throws where it cannot be used any more. @throws disposed, device-lost, or an error that WebGPU reported */
  check(): void {
    if (this.#disposed) throw new FcnError("disposed", `${this.label} ${formatShape(this.shape)} was disposed`);
    this.device.check();
  }

  /** Frees its memory. Idempotent. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    destroy(this.memory);
  }
}

/** @throws bad-option */
function layoutFor(shape: Nchw, options: TensorOptions): LayoutName {
  checkOptions("Tensor.from(device, values, shape, { dtype: ... })", options, {
    dtype: "a string",
    layout: "a string",
    label: "a string",
  });
  const { dtype, layout } = options;
  checkLayout(layout);
  checkOneOf("dtype", dtype, ["f32", "f16", "u32", "u8"]);
  if (layout && dtype && layoutNamed(layout).dtype !== dtype)
    throw badOption(
      `layout "${layout}" holds ${layoutNamed(layout).dtype}, not dtype "${dtype}"; leave one of the two out`,
    );
  return layout ?? defaultLayout(dtype ?? "f32", shape[1]);
}

/** @throws bad-option for values that are not numbers */
function packedValues(layout: LayoutName, values: ArrayLike<number>, shape: Nchw): ArrayBuffer {
  try {
    return layoutNamed(layout).pack(values, shape);
  } catch (error) {
    throw badOption(`tensor: the values must be numbers (${messageOf(error)})`);
  }
}

/** @throws bad-option for a layout that is none; undefined may be */
export function checkLayout(layout: string | undefined): void {
  const names = Object.keys(layouts);
  if (layout !== undefined && !isLayoutName(layout, names)) checkOneOf<string>("layout", layout, names);
}

/** @throws bad-shape */
export function checkShape(what: string, shape: readonly number[]): Nchw {
  if (!Array.isArray(shape) || shape.length !== 4 || shape.some((d) => !Number.isInteger(d) || d < 1)) {
    const got = Array.isArray(shape) ? `[${shape.map(describeValue).join(",")}]` : describeValue(shape);
    throw badShape(`${what}: shape ${got} needs 4 positive integers [N, C, H, W]`);
  }
  return shape.slice() as unknown as Nchw; // a caller may change its own
}
