/**
 * A piece of GPU memory that a kernel can bind: a range of a buffer, or a whole rgba32float texture. Code that places
 * tensors does not ask which of the two it is.
 */
import { limitTooSmall } from "../base/errors.js";
import type { Layout } from "../kernel/layout.js";
import { alignUp, formatShape } from "../kernel/shape.js";
import type { Nchw } from "../kernel/shape.js";
import { TEXEL_BYTES } from "../kernel/texture.js";
import type { TextureExtent } from "../kernel/texture.js";
import { release } from "./allocations.js";
import type { Device } from "./device.js";
import { BUFFER, TEXTURE } from "./flags.js";

export type Memory =
  | { readonly kind: "buffer"; readonly buffer: GPUBuffer; readonly offset: number; readonly size: number }
  | { readonly kind: "texture"; readonly texture: GPUTexture; readonly view: GPUTextureView; readonly size: number };

/**
 * WebGPU copies textures to buffers in rows of a multiple of this.
 * https://www.w3.org/TR/webgpu/#gputexelcopybufferlayout
 */
const ROW_ALIGNMENT = 256;

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
  // Nothing is rendered. Dawn zeroes a texture of this usage in place, and others from a buffer of the same size.
  const usage = TEXTURE.STORAGE_BINDING | TEXTURE.COPY_SRC | TEXTURE.COPY_DST | TEXTURE.RENDER_ATTACHMENT;
  const size = width * height * TEXEL_BYTES;
  const texture = device.allocations.texture({ label, size: [width, height], format: "rgba32float", usage }, size);
  let made: GPUTextureView | undefined;
  return {
    kind: "texture",
    texture,
    size,
    // Made when it is first bound. Lavapipe makes no view while it works, and it zeroes textures while weights arrive:
    // a view for each weight would wait for that.
    get view() {
      return (made ??= texture.createView());
    },
  };
}

/**
 * Zeroes textures now. Their first use would do so too, but a software adapter takes a quarter of a second for 80 MB,
 * in which the host can read and pack weights.
 */
export function zeroTextures({ gpu }: Device, textures: readonly Memory[]): void {
  const encoder = gpu.createCommandEncoder();
  for (const memory of textures) {
    if (memory.kind !== "texture") continue;
    const attachment = { view: memory.view, loadOp: "clear", storeOp: "store" } as const;
    encoder.beginRenderPass({ colorAttachments: [attachment] }).end();
  }
  gpu.queue.submit([encoder.finish()]);
}

/** A storage buffer of `size` bytes; `usage` adds flags of BUFFER. */
export function createBuffer(device: Device, label: string, size: number, usage: number): Memory {
  const buffer = device.allocations.buffer({ label, size, usage: usage | BUFFER.STORAGE });
  return { kind: "buffer", buffer, offset: 0, size };
}

/** @throws limit-too-small, with both numbers, when the device cannot hold a tensor of this layout and shape */
export function checkFits(device: Device, label: string, layout: Layout, shape: Nchw): void {
  const { limits } = device;
  const what = `tensor ${label} ${formatShape(shape)}`;
  const extent = layout.extent?.(shape);
  if (extent) {
    const side = Math.max(extent.width, extent.height);
    const largest = limits.maxTextureDimension2D;
    if (side > largest) throw limitTooSmall(what, "maxTextureDimension2D", side, largest);
    return;
  }
  const bytes = layout.byteSize(shape);
  const most = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
  if (bytes > most) throw limitTooSmall(what, "maxStorageBufferBindingSize", bytes, most);
}

/** Writes bytes that fill the memory. The rows of a texture follow each other without padding. */
export function write(device: Device, memory: Memory, data: ArrayBuffer | ArrayBufferView): void {
  const { queue } = device.gpu;
  const { buffer, byteOffset, byteLength } = ArrayBuffer.isView(data) ? data : new Uint8Array(data);
  if (memory.kind === "buffer") {
    queue.writeBuffer(memory.buffer, memory.offset, buffer, byteOffset, byteLength);
    return;
  }
  const { texture } = memory;
  const { width, height } = texture;
  queue.writeTexture({ texture }, buffer, { offset: byteOffset, bytesPerRow: width * TEXEL_BYTES }, [width, height]);
}

/** Copies one piece of memory to another of its kind and size. Not between ranges of one buffer. */
export function encodeTransfer(encoder: GPUCommandEncoder, from: Memory, to: Memory): void {
  if (from.kind === "buffer" && to.kind === "buffer") {
    encoder.copyBufferToBuffer(from.buffer, from.offset, to.buffer, to.offset, from.size);
  } else if (from.kind === "texture" && to.kind === "texture") {
    const { width, height } = from.texture;
    encoder.copyTextureToTexture({ texture: from.texture }, { texture: to.texture }, [width, height]);
  }
}

/** Bytes that a staging buffer needs for a copy of the memory. */
export function stagingSize(memory: Memory): number {
  return memory.kind === "buffer" ? memory.size : rowPitch(memory.texture) * memory.texture.height;
}

const rowPitch = (texture: GPUTexture): number => alignUp(texture.width * TEXEL_BYTES, ROW_ALIGNMENT);

export function encodeCopy(encoder: GPUCommandEncoder, memory: Memory, staging: GPUBuffer): void {
  if (memory.kind === "buffer") {
    encoder.copyBufferToBuffer(memory.buffer, memory.offset, staging, 0, memory.size);
    return;
  }
  const { texture } = memory;
  const target = { buffer: staging, bytesPerRow: rowPitch(texture) };
  encoder.copyTextureToBuffer({ texture }, target, [texture.width, texture.height]);
}

/** The memory's bytes, copied out of a mapped staging buffer without the padding of rows. */
export function readStaging(memory: Memory, mapped: ArrayBuffer): ArrayBuffer {
  if (memory.kind === "buffer") return mapped.slice(0, memory.size);
  const { texture } = memory;
  const rowBytes = texture.width * TEXEL_BYTES;
  const out = new Uint8Array(rowBytes * texture.height);
  for (let y = 0; y < texture.height; y++) {
    out.set(new Uint8Array(mapped, y * rowPitch(texture), rowBytes), y * rowBytes);
  }
  return out.buffer;
}
