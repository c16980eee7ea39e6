/** Pickles inside larger files. Only reading a pickle tells its length, so a little is read first, then more. */

import { badWeights } from "../source.js";
import type { ByteSource } from "../source.js";
import { PickleEnds } from "./pickle-bytes.js";
import type { PickleContext } from "./pickle-machine.js";
import { unpickle } from "./pickle.js";
import type { Unpickled } from "./pickle.js";
import { Dict } from "./values.js";
import type { PickleValue } from "./values.js";

/** A state dict's pickle has about 150 bytes a tensor; even with an optimizer's state it stays far below this. */
export const PICKLE_LIMIT = 64 * 1024 * 1024;

/** Interprets bytes that must hold a whole pickle. @throws bad-weights */
export function unpickleAt(bytes: Uint8Array, start: number, context: PickleContext): Unpickled {
  try {
    return unpickle(bytes, start, context);
  } catch (error) {
    if (!(error instanceof PickleEnds)) throw error;
    const length = bytes.length - start;
    throw badWeights(context.file, `its pickle ends in the middle, after ${length} bytes; it may be cut off`);
  }
}

/** The value of a pickle that is all of `bytes`. @throws bad-weights */
export function unpickleWhole(bytes: Uint8Array, context: PickleContext): PickleValue {
  return unpickleAt(bytes, 0, context).value;
}

/** Where a pickle begins in a file, the position that it ends before, and how many bytes to read at first. */
export interface PickleSpan {
  readonly start: number;
  readonly limit: number;
  readonly window: number;
}

/**
 * Interprets the pickle at `start` of the source; `end` is where the bytes after it begin. Reads `window` bytes first
 * and four times as many whenever they do not suffice, so `context.persistent` may see ids repeatedly.
 * @throws bad-weights
 */
export async function readPickle(source: ByteSource, span: PickleSpan, context: PickleContext): Promise<Unpickled> {
  const { start, limit, window } = span;
  const most = Math.min(Math.max(limit - start, 0), PICKLE_LIMIT);
  for (let length = Math.min(window, most); ; length = Math.min(4 * length, most)) {
    const bytes = await source.read(start, length);
    try {
      const { value, end } = unpickle(bytes, 0, context);
      return { value, end: start + end };
    } catch (error) {
      if (!(error instanceof PickleEnds)) throw error;
      if (length < most) continue;
      const place = `its pickle at byte ${start} ends in the middle, after ${most} bytes`;
      throw badWeights(context.file, `${place}; it may be cut off`);
    }
  }
}

/** Checks `little_endian` of the sys_info that old files start with. @throws bad-weights when it is not true */
export function checkLittleEndian(sysInfo: PickleValue, file: string): void {
  const entries = sysInfo instanceof Dict ? sysInfo.entries : [];
  const little = entries.find(([key]) => key === "little_endian")?.[1];
  if (little !== true)
    throw badWeights(file, "its byte order is not little-endian; only little-endian files can be read");
}
