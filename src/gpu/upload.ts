/** Uploads packed weights to the kind of GPU memory that their packing asks for. */
import { limitTooSmall } from "../base/errors.js";
import { WEIGHT_TEXTURE_WIDTH } from "../kernel/texture.js";
import type { Packing } from "../kernel/variant.js";
import type { Device } from "./device.js";
import { BUFFER } from "./flags.js";
import { TEXEL_BYTES, createBuffer, createTexture, write } from "./memory.js";
import type { Memory } from "./memory.js";

/** @throws limit-too-small */
export function upload(device: Device, name: string, packing: Packing, packed: Float32Array | Uint32Array): Memory {
  return packing.storage === "texture" ? uploadTexture(device, name, packed) : uploadBuffer(device, name, packed);
}

function uploadTexture(device: Device, name: string, packed: Float32Array | Uint32Array): Memory {
  const rowBytes = WEIGHT_TEXTURE_WIDTH * TEXEL_BYTES;
  const height = Math.ceil(packed.byteLength / rowBytes);
  const side = device.limits.maxTextureDimension2D;
  if (height > side) throw limitTooSmall(`weight ${name}`, "maxTextureDimension2D", height, side);
  const whole = new Float32Array((height * rowBytes) / 4);
  whole.set(packed);
  const memory = createTexture(device, name, { width: WEIGHT_TEXTURE_WIDTH, height });
  write(device, memory, whole.buffer);
  return memory;
}

function uploadBuffer(device: Device, name: string, packed: Float32Array | Uint32Array): Memory {
  const limit = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize);
  if (packed.byteLength > limit) {
    throw limitTooSmall(`weight ${name}`, "maxStorageBufferBindingSize", packed.byteLength, limit);
  }
  const memory = createBuffer(device, name, packed.byteLength, BUFFER.COPY_DST);
  write(device, memory, packed.buffer as ArrayBuffer);
  return memory;
}
