/** Pickles inside larger files: how many bytes one has is known only when it has been read, so read a little, then more. */

import { badWeights } from "../source.js";
import type { ByteSource } from "../source.js";
import { PickleEnds, unpickle } from "./pickle.js";
import type { PickleContext } from "./pickle.js";
import type { Value } from "./values.js";

/** A state dict's pickle has about 150 bytes a tensor; even with an optimizer's state it stays far below this. */
export const PICKLE_LIMIT = 64 * 1024 * 1024;

/** Interprets bytes that must hold a whole pickle. Throws `bad-weights`. */
export function unpickleAt(bytes: Uint8Array, start: number, context: PickleContext): { value: Value; end: number } {
  try {
    return unpickle(bytes, start, context);
  } catch (error) {
    if (!(error instanceof PickleEnds)) throw error;
    throw badWeights(
      context.file,
      `its pickle ends in the middle, after ${bytes.length - start} bytes; it may be cut off`,
    );
  }
}

/** The value of a pickle that is all of `bytes`. */
export function unpickleWhole(bytes: Uint8Array, context: PickleContext): Value {
  return unpickleAt(bytes, 0, context).value;
}

/**
 * Interprets the pickle at `start` of the source, which ends before `limit`; `end` is where the bytes after it begin.
 * Reads `window` bytes first and four times as many whenever they do not suffice. `persistent` may see ids repeatedly.
 */
export async function readPickle(
  source: ByteSource,
  start: number,
  limit: number,
  window: number,
  context: PickleContext,
): Promise<{ value: Value; end: number }> {
  const most = Math.min(Math.max(limit - start, 0), PICKLE_LIMIT);
  for (let length = Math.min(window, most); ; length = Math.min(4 * length, most)) {
    const bytes = await source.read(start, length);
    try {
      const { value, end } = unpickle(bytes, 0, context);
      return { value, end: start + end };
    } catch (error) {
      if (!(error instanceof PickleEnds)) throw error;
      if (length === most) {
        throw badWeights(
          context.file,
          `its pickle at byte ${start} ends in the middle, after ${most} bytes; it may be cut off`,
        );
      }
    }
  }
}

/** `little_endian` of the sys_info that old files start with. Throws `bad-weights` when it says otherwise. */
export function checkLittleEndian(entries: readonly (readonly [Value, Value])[], file: string): void {
  const little = entries.find(([key]) => key === "little_endian")?.[1];
  if (little !== true)
    throw badWeights(file, "its byte order is not little-endian; only little-endian files can be read");
}
