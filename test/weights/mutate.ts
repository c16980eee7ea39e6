/** Seeded damage to files: flipped bits, lengths that lie, parts cut off, put in and left out. */

import { concat, fields } from "./make-bytes.js";

/** A whole number from 0 to below `below`. */
export type Pick = (below: number) => number;

/** One to three edits of a copy of `file`. `other` is a file to take parts from. */
export function mutate(file: Uint8Array, other: Uint8Array, pick: Pick): Uint8Array {
  let bytes: Uint8Array = file.slice();
  for (let edits = 1 + pick(3); edits > 0 && bytes.length > 0; edits--) bytes = edit(bytes, other, pick);
  return bytes;
}

/** Where to edit. Half of the edits go where structure is dense: the head and the tail. */
function place(length: number, pick: Pick): number {
  const zone = pick(4);
  if (zone === 0) return pick(Math.min(1200, length));
  if (zone === 1) return Math.max(0, length - 1 - pick(Math.min(700, length)));
  return pick(length);
}

/** May change `bytes`. */
function edit(bytes: Uint8Array, other: Uint8Array, pick: Pick): Uint8Array {
  const at = place(bytes.length, pick);
  switch (pick(7)) {
    case 0:
    case 1: // flip a bit
      bytes[at] = (bytes[at] ?? 0) ^ (1 << pick(8));
      return bytes;
    case 2:
      bytes[at] = pick(256);
      return bytes;
    case 3:
      overwrite(bytes, at, lyingNumber(bytes.length, pick));
      return bytes;
    case 4: // cut off
      return bytes.slice(0, pick(3) === 0 ? at : Math.max(at, bytes.length - 1 - pick(64)));
    case 5: {
      // splice in, from this file or another
      const from = pick(2) === 0 ? bytes : other;
      const start = pick(from.length);
      return concat(bytes.subarray(0, at), from.subarray(start, start + 1 + pick(200)), bytes.subarray(at));
    }
    default: // leave out
      return concat(bytes.subarray(0, at), bytes.subarray(at + 1 + pick(40)));
  }
}

/** A length or offset that is wrong for a file of this length. */
function lyingNumber(length: number, pick: Pick): Uint8Array {
  const numbers = [
    ...[0, 1, 0xff, 0xffff, 0x7fffffff, 0xffffffff, 2n ** 63n, 2n ** 64n - 1n],
    ...[length, length - 1, 0x10000000],
  ];
  const number = numbers[pick(numbers.length)] ?? 0;
  const width = ([1, 2, 4, 8] as const)[pick(4)] ?? 4;
  return fields([number, width]);
}

function overwrite(bytes: Uint8Array, at: number, value: Uint8Array): void {
  for (const [i, byte] of value.entries()) if (at + i < bytes.length) bytes[at + i] = byte;
}
