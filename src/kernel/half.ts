/** f16 for storage on the host: IEEE 754-2008 binary16, rounded to nearest, ties to even. */

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

const INFINITY_BITS = 0x7c00;
const QUIET_NAN_BIT = 0x200;
/** f32 exponents (biased) below which a value is subnormal in f16, and below which it rounds to zero. */
const FIRST_NORMAL_EXPONENT = 113;
const FIRST_SUBNORMAL_EXPONENT = 102;

/** Bits of the nearest f16. Values beyond 65,504 become infinity. */
export function toHalf(value: number): number {
  scratch[0] = value;
  const bits = scratchBits[0] as number;
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 0xff;
  const mantissa = bits & 0x7fffff;
  if (exponent === 0xff) return sign | INFINITY_BITS | (mantissa ? QUIET_NAN_BIT : 0);
  if (exponent < FIRST_SUBNORMAL_EXPONENT) return sign;
  let full = mantissa;
  let shift = 13; // f32 has 13 bits of mantissa more than f16
  let half = ((exponent - 112) << 10) | (mantissa >>> 13);
  if (exponent < FIRST_NORMAL_EXPONENT) {
    full = mantissa | 0x800000;
    shift = 126 - exponent;
    half = full >>> shift;
  }
  const rest = full & ((1 << shift) - 1);
  const tie = 1 << (shift - 1);
  const isOdd = (half & 1) === 1;
  if (rest > tie || (rest === tie && isOdd)) half += 1; // a carry into the exponent gives the right number
  return sign | Math.min(half, INFINITY_BITS);
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
