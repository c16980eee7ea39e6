/** Bytes by hand: concatenation, little-endian fields, text, float32 values. */

export function concat(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** A number and how many bytes it takes. */
export type Field = readonly [value: number | bigint, width: 1 | 2 | 4 | 8];

/** Little-endian fields, one after the other. */
export function fields(...list: readonly Field[]): Uint8Array {
  return concat(
    ...list.map(([value, width]) => {
      const view = new DataView(new ArrayBuffer(8));
      view.setBigUint64(0, BigInt.asUintN(64, BigInt(value)), true);
      return new Uint8Array(view.buffer, 0, width);
    }),
  );
}

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Little-endian float32 bytes. */
export const floats = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
