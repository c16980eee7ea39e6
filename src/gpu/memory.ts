/**
 * A piece of GPU memory that a kernel can bind: a range of a buffer, or a whole rgba32float texture. The rest of the library
 * places tensors without asking which of the two it is.
 */
import { limitTooSmall } from "../base/errors.js";
import type { Layout, Nchw, TextureExtent } from "../kernel/layout.js";
import { release } from "./allocations.js";
import type { Device } from "./device.js";
import { BUFFER, TEXTURE } from "./flags.js";

export type Memory =
  | { readonly kind: "buffer"; readonly buffer: GPUBuffer; readonly offset: number; readonly size: number }
  | { readonly kind: "texture"; readonly texture: GPUTexture; readonly view: GPUTextureView; readonly size: number };

/** Bytes of a texel of rgba32float. */
const TEXEL = 16;

export function bindingOf(memory: Memory): GPUBindingResource {
  if (memory.kind === "texture") return memory.view;
  const { buffer, offset, size } = memory;
  return { buffer, offset, size };
}

export function destroy(memory: Memory): void {
  release(memory.kind === "buffer" ? memory.buffer : memory.texture);
}

export function createTexture(
  device: Device,
  label: string,
  { width, height }: Pick<TextureExtent, "width" | "height">,
): Memory {
  const usage = TEXTURE.STORAGE_BINDING | TEXTURE.COPY_SRC | TEXTURE.COPY_DST;
  const size = width * height * TEXEL;
  const texture = device.allocations.texture({ label, size: [width, height], format: "rgba32float", usage }, size);
  return { kind: "texture", texture, view: texture.createView(), size };
}

export function createBuffer(device: Device, label: string, size: number, usage: number): Memory {
  return {
    kind: "buffer",
    buffer: device.allocations.buffer({ label, size, usage: usage | BUFFER.STORAGE }),
    offset: 0,
    size,
  };
}

/** Throws `limit-too-small`, with both numbers, when the device cannot hold a tensor of this layout and shape. */
export function checkFits(device: Device, label: string, layout: Layout, shape: Nchw): void {
  const what = `tensor ${label} [${shape.join(",")}]`;
  const extent = layout.extent?.(shape);
  if (extent) {
    const side = Math.max(extent.width, extent.height);
    if (side > device.limits.maxTextureDimension2D)
      throw limitTooSmall(what, "maxTextureDimension2D", side, device.limits.maxTextureDimension2D);
    return;
  }
  const bytes = layout.byteSize(shape);
  const limit = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize);
  if (bytes > limit) throw limitTooSmall(what, "maxStorageBufferBindingSize", bytes, limit);
}

/** Writes bytes that fill the memory: tight rows for a texture. */
export function write(device: Device, memory: Memory, data: ArrayBuffer): void {
  if (memory.kind === "buffer") device.gpu.queue.writeBuffer(memory.buffer, memory.offset, data);
  else {
    const { texture } = memory;
    device.gpu.queue.writeTexture({ texture }, data, { bytesPerRow: texture.width * TEXEL }, [
      texture.width,
      texture.height,
    ]);
  }
}

/** Bytes a staging buffer needs for a copy of the memory: rows of a texture are padded to 256 bytes. */
export function stagingSize(memory: Memory): number {
  return memory.kind === "buffer" ? memory.size : rowPitch(memory.texture) * memory.texture.height;
}

const rowPitch = (texture: GPUTexture): number => Math.ceil((texture.width * TEXEL) / 256) * 256;

export function encodeCopy(encoder: GPUCommandEncoder, memory: Memory, staging: GPUBuffer): void {
  if (memory.kind === "buffer") encoder.copyBufferToBuffer(memory.buffer, memory.offset, staging, 0, memory.size);
  else {
    const { texture } = memory;
    encoder.copyTextureToBuffer({ texture }, { buffer: staging, bytesPerRow: rowPitch(texture) }, [
      texture.width,
      texture.height,
    ]);
  }
}

/** The memory's own bytes out of a mapped staging buffer, in fresh memory. */
export function readStaging(memory: Memory, mapped: ArrayBuffer): ArrayBuffer {
  if (memory.kind === "buffer") return mapped.slice(0, memory.size);
  const { texture } = memory;
  const row = texture.width * TEXEL;
  const out = new Uint8Array(row * texture.height);
  for (let y = 0; y < texture.height; y++) out.set(new Uint8Array(mapped, y * rowPitch(texture), row), y * row);
  return out.buffer;
}
