/** Small readers of raw bytes. All formats here are little-endian, as every WebGPU host is. */

import type { Bytes, ByteSource } from "./source.js";

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** An unsigned 64-bit integer. @throws bad-weights when the source ends before it */
export async function readU64(source: ByteSource, offset: number): Promise<bigint> {
  return viewOf(await source.read(offset, 8)).getBigUint64(0, true);
}

export function startsWith(head: Bytes, ...wanted: number[]): boolean {
  return wanted.every((byte, i) => head[i] === byte);
}
