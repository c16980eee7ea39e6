/** Uploads packed weights to the kind of GPU memory that their packing asks for. */
import { limitTooSmall } from "../base/errors.js";
import { TEXEL_BYTES, WEIGHT_TEXTURE_WIDTH } from "../kernel/texture.js";
import type { Packing } from "../kernel/variant.js";
import type { Device } from "./device.js";
import { BUFFER } from "./flags.js";
import { createBuffer, createTexture, write } from "./memory.js";
import type { Memory } from "./memory.js";

/** @throws limit-too-small */
export function upload(device: Device, name: string, packing: Packing, packed: Float32Array | Uint32Array): Memory {
  const memory = weightMemory(device, name, packing, packed.byteLength);
  let whole = packed;
  // Rows of a texture are written whole.
  if (memory.kind === "texture" && memory.size > packed.byteLength) {
    whole = new Float32Array(memory.size / 4);
    whole.set(packed);
  }
  write(device, memory, whole);
  return memory;
}

/** Memory of zeros for a packed weight of so many bytes. @throws limit-too-small */
export function weightMemory(device: Device, name: string, { storage }: Packing, bytes: number): Memory {
  const { limits } = device;
  if (storage === "texture") {
    const height = Math.ceil(bytes / (WEIGHT_TEXTURE_WIDTH * TEXEL_BYTES));
    const side = limits.maxTextureDimension2D;
    if (height > side) throw limitTooSmall(`weight ${name}`, "maxTextureDimension2D", height, side);
    return createTexture(device, name, { width: WEIGHT_TEXTURE_WIDTH, height });
  }
  const most = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
  if (bytes > most) throw limitTooSmall(`weight ${name}`, "maxStorageBufferBindingSize", bytes, most);
  return createBuffer(device, name, bytes, BUFFER.COPY_DST);
}
