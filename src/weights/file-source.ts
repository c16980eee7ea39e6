/**
 * A path as a ByteSource, for Node: opens the file once and reads ranges from it by position.
 * Imports node:*, so no module that a browser loads may import it.
 * https://nodejs.org/api/fs.html#class-filehandle
 */

import { constants, open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { messageOf } from "../base/errors.js";
import { nativePath } from "../base/native-path.js";
import { checkKind } from "../base/options.js";
import { badWeights, checkedSource } from "./source.js";
import type { ByteSource, Bytes } from "./source.js";

function reasonOf(error: unknown): string {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return "there is no such file";
  if (code === "EACCES" || code === "EPERM") return "permission to read it is denied";
  return `it cannot be opened (${messageOf(error)})`;
}

/** Opening a pipe without this would wait for its writer, and no signal would end the process meanwhile. */
const { O_RDONLY, O_NONBLOCK = 0 } = constants;

async function openForReading(path: string | URL, name: string): Promise<FileHandle> {
  try {
    return await open(typeof path === "string" ? nativePath(path) : path, O_RDONLY | O_NONBLOCK);
  } catch (cause) {
    throw badWeights(name, reasonOf(cause), cause);
  }
}

async function sizeOfFile(handle: FileHandle, name: string): Promise<number> {
  const info = await handle.stat();
  if (info.isFIFO())
    throw badWeights(name, "a file was expected, this is a pipe; write what comes through into a file");
  if (!info.isFile()) throw badWeights(name, "a file was expected, this is a directory or a device");
  return info.size;
}

/** An open file: its name in errors, and its size when it was opened. */
interface OpenFile {
  readonly handle: FileHandle;
  readonly name: string;
  readonly size: number;
}

/** Node ends the process at once when a single read asks for 2^31 bytes or more. */
const MOST_AT_ONCE = 2 ** 30;

/** @throws bad-weights where there is no memory for so many bytes */
function memoryFor(name: string, length: number): Bytes {
  try {
    return new Uint8Array(length);
  } catch (cause) {
    throw badWeights(name, `there is no memory for ${length} bytes at once (${messageOf(cause)})`, cause);
  }
}

async function readExactly({ handle, name, size }: OpenFile, offset: number, length: number): Promise<Bytes> {
  const out = memoryFor(name, length);
  let done = 0;
  // One read may return less than asked for (signals, network file systems); 0 means the file ended early.
  while (done < length) {
    let count: number;
    try {
      const { bytesRead } = await handle.read(out, done, Math.min(length - done, MOST_AT_ONCE), offset + done);
      count = bytesRead;
    } catch (cause) {
      throw badWeights(name, `${length} bytes at offset ${offset} could not be read (${messageOf(cause)})`, cause);
    }
    if (count === 0) {
      const end = offset + done;
      throw badWeights(name, `it had ${size} bytes when opened and now ends at ${end}; was it written to?`);
    }
    done += count;
  }
  return out;
}

/**
 * Opens a regular file for reading; errors call it `name`.
 * @throws bad-option for another type, bad-weights if it is missing, unreadable or not a regular file
 * @example
 * import { fileSource } from "fcn-webgpu/node";
 *
 * const source = await fileSource("samples/bird.png");
 * console.log(String.fromCharCode(...(await source.read(1, 3)))); // prints PNG
 * await source.close();
 */
export async function fileSource(path: string | URL, name?: string): Promise<ByteSource> {
  checkKind("fileSource: path", path, "a string or URL");
  const label = name ?? String(path);
  const handle = await openForReading(path, label);
  let size: number;
  try {
    size = await sizeOfFile(handle, label);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return checkedSource(label, size, {
    read: (offset, length) => readExactly({ handle, name: label, size }, offset, length),
    close: () => handle.close(),
  });
}
