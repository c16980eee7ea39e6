/** Small readers of raw bytes. All formats here are little-endian, as every WebGPU host is. */

import type { Bytes, ByteSource } from "./source.js";

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Two lower-case digits per byte. */
export function hex(bytes: Iterable<number>, separator = ""): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(separator);
}

/** An unsigned 64-bit integer. @throws bad-weights when the source ends before it */
export async function readU64(source: ByteSource, offset: number): Promise<bigint> {
  return viewOf(await source.read(offset, 8)).getBigUint64(0, true);
}

export function startsWith(head: Bytes, ...wanted: number[]): boolean {
  return wanted.every((byte, i) => head[i] === byte);
}
