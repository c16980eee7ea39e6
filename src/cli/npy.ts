/** NumPy's file of one array, float32: what `numpy.load` reads. https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */

/** Version 1.0, little endian, C order. */
export function encodeNpy(data: Float32Array, shape: readonly number[]): Uint8Array {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(", ")}${shape.length === 1 ? "," : ""}), }`;
  const start = Math.ceil((10 + header.length + 1) / 64) * 64; // the values are aligned to 64 bytes
  const bytes = new Uint8Array(start + data.byteLength);
  bytes.set(Buffer.from("\x93NUMPY\x01\x00", "latin1"));
  new DataView(bytes.buffer).setUint16(8, start - 10, true);
  bytes.set(Buffer.from(`${header.padEnd(start - 11)}\n`, "latin1"), 10);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start);
  return bytes;
}
