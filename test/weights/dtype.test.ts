/** Number formats: all 65536 float16 and bfloat16 patterns, and rounding to float16 against exact arithmetic. */

import fc from "fast-check";
import { expect, test } from "vitest";
import {
  bfloat16ToFloat32,
  float16ToFloat32,
  float32ToFloat16,
  toFloat32,
  toFloat64,
} from "../../src/weights/dtype.js";

const ALL = Uint16Array.from({ length: 65536 }, (_, i) => i);

/** From the definition, in float64. */
function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24);
}

test("float16 to float32, all patterns", () => {
  const got = float16ToFloat32(ALL);
  for (const [bits, value] of got.entries()) {
    if (!Object.is(value, halfValue(bits)))
      throw new Error(`${bits.toString(16)}: ${value}, ${halfValue(bits)} expected`);
  }
});

test("bfloat16 to float32, all patterns", () => {
  const bits = new Uint32Array(bfloat16ToFloat32(ALL).buffer);
  for (const [pattern, word] of bits.entries())
    if (word !== (pattern << 16) >>> 0) throw new Error(`${pattern.toString(16)}`);
});

test("float16 to float32 and back, all patterns; NaN stays NaN", () => {
  const back = float32ToFloat16(float16ToFloat32(ALL));
  for (const [bits, got] of back.entries()) {
    const want = Number.isNaN(halfValue(bits)) ? (bits & 0x8000) | 0x7e00 : bits;
    if (got !== want) throw new Error(`${bits.toString(16)} became ${got.toString(16)}`);
  }
});

/** The nearest pattern by search, ties to the even one; 65520 and above is infinity. */
function nearestHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (magnitude >= 65520) return sign | 0x7c00;
  let [low, high] = [0, 0x7bff];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (halfValue(middle) <= magnitude) low = middle;
    else high = middle - 1;
  }
  const [below, above] = [magnitude - halfValue(low), (low === 0x7bff ? 65536 : halfValue(low + 1)) - magnitude];
  return sign | (above < below || (above === below && (low & 1) === 1) ? low + 1 : low);
}

function checkRounding(value: number): void {
  const single = Float32Array.of(value);
  const got = float32ToFloat16(single)[0] ?? -1;
  const want = nearestHalf(single[0] ?? NaN);
  if ((got & (want === 0x7e00 ? 0x7fff : 0xffff)) !== want)
    throw new Error(`${single[0]}: ${got.toString(16)}, ${want.toString(16)} expected`);
}

test("float32 to float16: every tie between neighbours and the float32 on either side of it", () => {
  const word = new Uint32Array(1);
  const float = new Float32Array(word.buffer);
  for (let bits = 0; bits < 0x7c00; bits++) {
    const next = bits === 0x7bff ? 65536 : halfValue(bits + 1);
    float[0] = (halfValue(bits) + next) / 2;
    const middle = word[0] ?? 0;
    for (const near of [middle - 1, middle, middle + 1]) {
      word[0] = near;
      checkRounding(float[0] ?? NaN);
      checkRounding(-(float[0] ?? NaN));
    }
  }
});

test("float32 to float16: any float", () => {
  fc.assert(fc.property(fc.float(), checkRounding), { numRuns: 5000, seed: 1 });
  for (const value of [0, -0, NaN, Infinity, -Infinity, 2 ** -149, 2 ** -25, 65519.996, 65520, 3.4e38])
    checkRounding(value);
});

test("other dtypes, from unaligned bytes as well", () => {
  const at = (dtype: Parameters<typeof toFloat64>[1], bytes: ArrayBufferLike, width: number): number[][] => {
    const shifted = new Uint8Array(bytes.byteLength + 1);
    shifted.set(new Uint8Array(bytes), 1);
    const aligned = new Uint8Array(shifted.slice(1));
    expect(bytes.byteLength % width).toBe(0);
    return [
      [...toFloat64(shifted.subarray(1), dtype)],
      [...toFloat64(aligned, dtype)],
      [...toFloat32(shifted.subarray(1), dtype)],
    ];
  };
  const doubles = [Math.PI, -0, 1e-320, 2 ** 60, 1e300];
  const same = (list: number[]): number[][] => [list, list, list.map(Math.fround)];
  expect(at("f64", Float64Array.from(doubles).buffer, 8)).toEqual(same(doubles));
  expect(at("f32", Float32Array.of(0.1, -7).buffer, 4)).toEqual(same([Math.fround(0.1), -7]));
  expect(at("i64", BigInt64Array.of(-1n, 2n ** 53n, 123456789n).buffer, 8)).toEqual(same([-1, 2 ** 53, 123456789]));
  expect(at("i32", Int32Array.of(-1, 2 ** 31 - 1).buffer, 4)).toEqual(same([-1, 2 ** 31 - 1]));
  expect(at("i16", Int16Array.of(-32768, 5).buffer, 2)).toEqual(same([-32768, 5]));
  expect(at("i8", Int8Array.of(-128, 5).buffer, 1)).toEqual(same([-128, 5]));
  expect(at("u8", Uint8Array.of(255, 5).buffer, 1)).toEqual(same([255, 5]));
  expect(at("bool", Uint8Array.of(1, 0, 7).buffer, 1)).toEqual(same([1, 0, 1]));
});
