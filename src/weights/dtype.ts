/**
 * Number formats in checkpoints and their exact conversion: float16, bfloat16, float64 and integers to float32 or
 * float64, and float32 to float16 with round-to-nearest-even. Little-endian hosts only, like every WebGPU host.
 * https://en.wikipedia.org/wiki/Half-precision_floating-point_format
 */

import type { Bytes } from "./source.js";

/** How a file stores a tensor's elements. The formats of tensors on the GPU are kernel/layout.ts's `DType`. */
export type StoredDType = "f32" | "f16" | "bf16" | "f64" | "i64" | "i32" | "i16" | "i8" | "u8" | "bool";

/** Formats that no network here needs. A file may have tensors of them beside its network; they are not read. */
export type UnreadDType = Lowercase<(typeof UNREAD_DTYPES)[number]>;

/** PyTorch's and safetensors' further formats, in capitals as safetensors writes them. */
export const UNREAD_DTYPES = [
  ...(["U16", "U32", "U64", "C32", "C64", "C128", "Q8", "Q32", "F4", "F6_E2M3", "F6_E3M2"] as const),
  ...(["F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"] as const),
] as const;

/** Bits of an element: the first number in the format's name. */
export function dtypeBits(dtype: StoredDType | UnreadDType): number {
  return dtype === "bool" ? 8 : Number(/\d+/.exec(dtype)?.[0]);
}

export const DTYPE_BYTES: Readonly<Record<StoredDType, number>> = {
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

/** Whether weights can be of this format: floating-point numbers that can be read. */
export function isFloatingPoint(dtype: StoredDType | UnreadDType): boolean {
  return /^(f|bf)\d+$/.test(dtype) && isReadable(dtype);
}

/** Whether tensors of this format can be read as numbers. */
export function isReadable(dtype: StoredDType | UnreadDType): dtype is StoredDType {
  return Object.hasOwn(DTYPE_BYTES, dtype);
}

/** A float16's exponent field, taken for a float32's, means a number this much smaller: the biases are 15 and 127. */
const F16_SCALE = 2 ** 112;

/** float16 bit patterns to float32, exactly; the payload of a NaN is kept. */
export function float16ToFloat32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(halves.length);
  const floats = new Float32Array(bits.buffer);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i] as number;
    bits[i] = ((half & 0x8000) << 16) | ((half & 0x7fff) << 13);
    // Infinity and NaN have all bits of the exponent. The product makes subnormal numbers normal, too.
    if ((half & F16_INFINITY) === F16_INFINITY) bits[i] = (bits[i] as number) | F32_INFINITY;
    else floats[i] = (floats[i] as number) * F16_SCALE;
  }
  return floats;
}

/** bfloat16 bit patterns (the upper half of a float32) to float32, exactly. */
export function bfloat16ToFloat32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = (halves[i] ?? 0) << 16;
  return new Float32Array(bits.buffer);
}

// float32 bit patterns without the sign.
const F32_INFINITY = 0x7f800000;
/** 65536, the first power of two beyond float16. */
const F32_2_POW_16 = 0x47800000;
/** 2^-14, the smallest normal float16. */
const F32_2_POW_MINUS_14 = 0x38800000;
/** Difference of the exponent biases, 127 - 15, in float32's exponent field. */
const REBIAS = 112 << 23;

// float16 bit patterns.
export const F16_INFINITY = 0x7c00;
const F16_QUIET_NAN = 0x7e00;

/**
 * Rounds `bits` / 2^shift to the nearest integer, ties to even: just under half a unit is added, and one more where the
 * integer below is odd. A carry into the exponent field is right.
 */
function shiftRounded(bits: number, shift: number): number {
  const odd = (bits >>> shift) & 1;
  const half = 1 << (shift - 1);
  return (bits + half - 1 + odd) >>> shift;
}

/** float16 bits of the float32 whose bits without the sign are `magnitude`. */
function narrow(magnitude: number): number {
  if (magnitude > F32_INFINITY) return F16_QUIET_NAN;
  if (magnitude >= F32_2_POW_16) return F16_INFINITY;
  if (magnitude >= F32_2_POW_MINUS_14) return shiftRounded(magnitude - REBIAS, 13); // 23 fraction bits become 10
  const shift = 126 - (magnitude >>> 23); // subnormal: count in units of 2^-24
  if (shift > 24) return 0;
  return shiftRounded((magnitude & 0x7fffff) | 0x800000, shift);
}

/** float32 to float16 bit patterns, to nearest, ties to even; overflow becomes infinity, every NaN the quiet one. */
export function float32ToFloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(bits.length);
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i] ?? 0;
    out[i] = ((word >>> 16) & 0x8000) | narrow(word & 0x7fffffff);
  }
  return out;
}

/** `bytes` at an address that typed arrays of `width` bytes accept. Copies only when the address does not fit. */
function aligned(bytes: Bytes, width: number): Bytes {
  return bytes.byteOffset % width === 0 ? bytes : bytes.slice();
}

type Numbers = Float32Array | Float64Array | Int32Array | Int16Array | Int8Array | Uint8Array | BigInt64Array;
type WideDType = Exclude<StoredDType, "f16" | "bf16">;

const ARRAYS: Readonly<Record<WideDType, new (buffer: ArrayBuffer, at: number, length: number) => Numbers>> = {
  f32: Float32Array,
  f64: Float64Array,
  i64: BigInt64Array,
  i32: Int32Array,
  i16: Int16Array,
  i8: Int8Array,
  u8: Uint8Array,
  bool: Uint8Array,
};

/** The stored numbers as they are, a view where alignment allows. */
function view(bytes: Bytes, dtype: WideDType): Numbers {
  const width = DTYPE_BYTES[dtype];
  const { buffer, byteOffset, byteLength } = aligned(bytes, width);
  const numbers = new ARRAYS[dtype](buffer, byteOffset, byteLength / width);
  return dtype === "bool" ? (numbers as Uint8Array).map((value) => (value === 0 ? 0 : 1)) : numbers;
}

/**
 * Little-endian bytes (a whole number of elements) as float32. Takes over `bytes`: float32 data comes back as a view of
 * the same memory where alignment allows. float64 and wide integers round to nearest.
 */
export function toFloat32(bytes: Bytes, dtype: StoredDType): Float32Array<ArrayBuffer> {
  if (dtype === "f16" || dtype === "bf16") {
    const { buffer, byteOffset, byteLength } = aligned(bytes, 2);
    const halves = new Uint16Array(buffer, byteOffset, byteLength / 2);
    return dtype === "f16" ? float16ToFloat32(halves) : bfloat16ToFloat32(halves);
  }
  const numbers = view(bytes, dtype);
  if (dtype === "f32") return numbers as Float32Array<ArrayBuffer>;
  return numbers instanceof BigInt64Array ? Float32Array.from(numbers, Number) : new Float32Array(numbers);
}

/** The same as float64: exact for every dtype, int64 up to 2^53. */
export function toFloat64(bytes: Bytes, dtype: StoredDType): Float64Array<ArrayBuffer> {
  if (dtype === "f16" || dtype === "bf16") return new Float64Array(toFloat32(bytes, dtype));
  const numbers = view(bytes, dtype);
  return numbers instanceof BigInt64Array ? Float64Array.from(numbers, Number) : new Float64Array(numbers);
}
