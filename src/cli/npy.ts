/**
 * NumPy's file of one array, float32: what `numpy.load` reads.
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
import { alignUp } from "../kernel/shape.js";

/** The magic string and the version, 1.0. Two bytes follow: the length of the header. */
const MAGIC = "\x93NUMPY\x01\x00";
const PREFIX_BYTES = MAGIC.length + 2;
/** The values begin at a multiple of this. */
const ALIGNMENT = 64;

/** Version 1.0, little endian, C order. */
export function encodeNpy(data: Float32Array, shape: readonly number[]): Uint8Array {
  const sizes = shape.join(", ");
  const tuple = shape.length === 1 ? `(${sizes},)` : `(${sizes})`;
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': ${tuple}, }`;
  const start = alignUp(PREFIX_BYTES + header.length + 1, ALIGNMENT); // 1 for the newline that ends the header
  const headerBytes = start - PREFIX_BYTES;
  const bytes = new Uint8Array(start + data.byteLength);
  bytes.set(Buffer.from(MAGIC, "latin1"));
  new DataView(bytes.buffer).setUint16(MAGIC.length, headerBytes, true);
  bytes.set(Buffer.from(`${header.padEnd(headerBytes - 1)}\n`, "latin1"), PREFIX_BYTES);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start);
  return bytes;
}
