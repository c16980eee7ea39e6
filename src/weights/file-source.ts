/**
 * A path as a ByteSource, for Node: opens the file once and reads ranges from it by position.
 * Imports node:*, so keep it out of whatever a browser loads.
 * https://nodejs.org/api/fs.html#class-filehandle
 */

import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { messageOf } from "../base/errors.js";
import { badWeights, checkOpen, checkRange } from "./source.js";
import type { ByteSource } from "./source.js";

function reasonOf(error: unknown): string {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return "there is no such file";
  if (code === "EACCES" || code === "EPERM") return "permission to read it is denied";
  return `it cannot be opened (${messageOf(error)})`;
}

/** Opens a regular file for reading; `name` is what errors call it. Throws `bad-weights` if it is missing, unreadable or not a regular file. */
export async function fileSource(path: string, name = path): Promise<ByteSource> {
  let handle: FileHandle;
  try {
    handle = await open(path, "r");
  } catch (cause) {
    throw badWeights(name, reasonOf(cause), cause);
  }
  let size: number;
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw badWeights(name, "a file was expected, this is a directory or a device");
    size = stat.size;
  } catch (error) {
    await handle.close();
    throw error;
  }
  let closing: Promise<void> | undefined;
  return {
    name,
    size,
    async read(offset, length) {
      checkOpen(name, closing !== undefined);
      checkRange(name, size, offset, length);
      const out = new Uint8Array(length);
      let done = 0;
      // One read may return less than asked for (signals, network file systems); 0 means the file ended early.
      while (done < length) {
        let count: number;
        try {
          ({ bytesRead: count } = await handle.read(out, done, length - done, offset + done));
        } catch (cause) {
          throw badWeights(name, `${length} bytes at offset ${offset} could not be read (${messageOf(cause)})`, cause);
        }
        if (count === 0) {
          throw badWeights(
            name,
            `it had ${size} bytes when opened and now ends at ${offset + done}; was it written to?`,
          );
        }
        done += count;
      }
      return out;
    },
    async close() {
      closing ??= handle.close();
      await closing;
    },
  };
}
