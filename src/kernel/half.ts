/** f16 for storage on the host: IEEE 754-2008 binary16, rounded to nearest, ties to even. */

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

const INFINITY_BITS = 0x7c00;
const QUIET_NAN_BIT = 0x200;
/** Bits of f32: of 2^-14, the smallest number that is normal in f16; of 2^16; of infinity; of 0.5. */
const SMALLEST_NORMAL = 0x38800000;
const TOO_LARGE = 0x47800000;
const F32_INFINITY = 0x7f800000;
const F32_HALF = 0x3f000000;
/** The difference of the exponents' biases, in bits of f32. */
const REBIAS = 112 << 23;

/** Bits of the nearest f16. Values beyond 65,504 become infinity. */
export function toHalf(value: number): number {
  scratch[0] = value;
  const bits = scratchBits[0] as number;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude >= TOO_LARGE) return sign | INFINITY_BITS | (magnitude > F32_INFINITY ? QUIET_NAN_BIT : 0);
  // f32 has 13 bits of mantissa more than f16. A carry into the exponent gives the right number, also infinity.
  if (magnitude >= SMALLEST_NORMAL) return sign | ((magnitude - REBIAS + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  // Subnormal f16 numbers are multiples of 2^-24. From 0.5 to 1, f32 numbers are too, so this sum rounds to one.
  scratch[0] = Math.abs(scratch[0]) + 0.5;
  return sign | ((scratchBits[0] as number) - F32_HALF);
}

/** The number that the bits of an f16 stand for. */
export function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 31;
  const mantissa = half & 1023;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa ? NaN : sign * Infinity;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}
