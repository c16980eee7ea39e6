/**
 * Number formats in checkpoints and their exact conversion: float16, bfloat16, float64 and integers to float32 or
 * float64, and float32 to float16 with round-to-nearest-even. Little-endian hosts only, like every WebGPU host.
 * https://en.wikipedia.org/wiki/Half-precision_floating-point_format
 */

import type { Bytes } from "./source.js";

export type DType = "f32" | "f16" | "bf16" | "f64" | "i64" | "i32" | "i16" | "i8" | "u8" | "bool";

export const DTYPE_BYTES: Readonly<Record<DType, number>> = {
  f32: 4,
  f16: 2,
  bf16: 2,
  f64: 8,
  i64: 8,
  i32: 4,
  i16: 2,
  i8: 1,
  u8: 1,
  bool: 1,
};

/** The float32 bits of one float16. */
function widen(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return (sign | 0x7f800000 | (fraction << 13)) >>> 0; // infinity and NaN, payload kept
  if (exponent !== 0) return (sign | ((exponent + 112) << 23) | (fraction << 13)) >>> 0;
  if (fraction === 0) return sign >>> 0;
  // Subnormal, fraction * 2^-24: shift the leading one into place; clz32 of a 10-bit number is 22..31.
  const shift = Math.clz32(fraction) - 21;
  return (sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13)) >>> 0;
}

let table: Uint32Array | undefined;

/** All 65536 answers (256 KiB): a lookup is several times faster than the branches for tens of millions of weights. */
function halfTable(): Uint32Array {
  table ??= Uint32Array.from({ length: 65536 }, (_, half) => widen(half));
  return table;
}

/** float16 bit patterns to float32, exactly. */
export function float16ToFloat32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const lookup = halfTable();
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = lookup[halves[i] ?? 0] ?? 0;
  return new Float32Array(bits.buffer);
}

/** bfloat16 bit patterns (the upper half of a float32) to float32, exactly. */
export function bfloat16ToFloat32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = (halves[i] ?? 0) << 16;
  return new Float32Array(bits.buffer);
}

/** float32 to float16 bit patterns, to nearest, ties to even; overflow becomes infinity, every NaN the quiet one. */
export function float32ToFloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(bits.length);
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i] ?? 0;
    const sign = (word >>> 16) & 0x8000;
    const magnitude = word & 0x7fffffff;
    let half: number;
    if (magnitude >= 0x47800000) {
      half = magnitude > 0x7f800000 ? 0x7e00 : 0x7c00; // NaN, or 65536 and above
    } else if (magnitude >= 0x38800000) {
      half = (magnitude - 0x38000000) >>> 13; // normal: re-bias the exponent, drop 13 bits, then round
      const rest = magnitude & 0x1fff;
      if (rest > 0x1000 || (rest === 0x1000 && (half & 1) === 1)) half++; // a carry into the exponent is right
    } else {
      const shift = 126 - (magnitude >>> 23); // subnormal: count in units of 2^-24
      half = 0;
      if (shift <= 24) {
        const fraction = (magnitude & 0x7fffff) | 0x800000;
        half = fraction >>> shift;
        const rest = fraction & ((1 << shift) - 1);
        const tie = 1 << (shift - 1);
        if (rest > tie || (rest === tie && (half & 1) === 1)) half++;
      }
    }
    out[i] = sign | half;
  }
  return out;
}

/** `bytes` at an address that typed arrays of `width` bytes accept; copies only when it is not one already. */
function aligned(bytes: Bytes, width: number): Bytes {
  return bytes.byteOffset % width === 0 ? bytes : bytes.slice();
}

type Numbers = Float32Array | Float64Array | Int32Array | Int16Array | Int8Array | Uint8Array | BigInt64Array;

/** The stored numbers as they are, a view where alignment allows. Not for the 16-bit floats. */
function view(bytes: Bytes, dtype: Exclude<DType, "f16" | "bf16">): Numbers {
  const width = DTYPE_BYTES[dtype];
  const { buffer, byteOffset, byteLength } = aligned(bytes, width);
  const count = byteLength / width;
  switch (dtype) {
    case "f32":
      return new Float32Array(buffer, byteOffset, count);
    case "f64":
      return new Float64Array(buffer, byteOffset, count);
    case "i64":
      return new BigInt64Array(buffer, byteOffset, count);
    case "i32":
      return new Int32Array(buffer, byteOffset, count);
    case "i16":
      return new Int16Array(buffer, byteOffset, count);
    case "i8":
      return new Int8Array(buffer, byteOffset, count);
    case "u8":
      return new Uint8Array(buffer, byteOffset, count);
    case "bool":
      return new Uint8Array(buffer, byteOffset, count).map((value) => (value === 0 ? 0 : 1));
  }
}

/**
 * Little-endian bytes (a whole number of elements) as float32. Takes over `bytes`: float32 data comes back as a view of
 * the same memory where alignment allows. float64 and wide integers round to nearest.
 */
export function toFloat32(bytes: Bytes, dtype: DType): Float32Array<ArrayBuffer> {
  if (dtype === "f16" || dtype === "bf16") {
    const { buffer, byteOffset, byteLength } = aligned(bytes, 2);
    const halves = new Uint16Array(buffer, byteOffset, byteLength / 2);
    return dtype === "f16" ? float16ToFloat32(halves) : bfloat16ToFloat32(halves);
  }
  if (dtype === "f32") {
    const { buffer, byteOffset, byteLength } = aligned(bytes, 4);
    return new Float32Array(buffer, byteOffset, byteLength / 4);
  }
  const numbers = view(bytes, dtype);
  return numbers instanceof BigInt64Array ? Float32Array.from(numbers, Number) : new Float32Array(numbers);
}

/** The same as float64: exact for every dtype, int64 up to 2^53. */
export function toFloat64(bytes: Bytes, dtype: DType): Float64Array<ArrayBuffer> {
  if (dtype === "f16" || dtype === "bf16") return new Float64Array(toFloat32(bytes, dtype));
  const numbers = view(bytes, dtype);
  return numbers instanceof BigInt64Array ? Float64Array.from(numbers, Number) : new Float64Array(numbers);
}
