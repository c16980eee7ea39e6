/**
 * Opens what a command line or a caller names: a file, a pipe, or stdin. A pipe is read by the event loop. A thread of
 * Node that waits for a silent pipe would keep the process from ending, also after a signal. Node only.
 */
import { close, constants, createReadStream, fstat, open } from "node:fs";
import type { Stats } from "node:fs";
import { Socket } from "node:net";
import type { Readable } from "node:stream";
import { isatty } from "node:tty";
import { promisify } from "node:util";
import { nativePath } from "../base/native-path.js";

/** Names of stdin. They cannot be opened as files where stdin is a socket, as in child processes of Node. */
const STDIN_PATHS: readonly string[] = ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];
export const isStdin = (path: string): boolean => STDIN_PATHS.includes(path);

/** Windows has no such flag. */
const { O_RDONLY, O_NONBLOCK = 0 } = constants;

function streamFor(fd: number, path: string, info: Stats): Readable {
  if (info.isFIFO()) return new Socket({ fd, readable: true, writable: false });
  if (isatty(fd)) throw new Error("it is a terminal; name a file or a pipe");
  return createReadStream(path, { fd });
}

/** The bytes of a file, a pipe or stdin. @throws the error of node:fs, also while it is read */
export async function openInput(path: string): Promise<Readable> {
  if (isStdin(path)) return process.stdin;
  const fd = await promisify(open)(nativePath(path), O_RDONLY | O_NONBLOCK);
  try {
    return streamFor(fd, path, await promisify(fstat)(fd));
  } catch (error) {
    await promisify(close)(fd);
    throw error;
  }
}

/** All bytes, but not many more than `most`: the caller compares. @throws the error of node:fs */
export async function readInput(path: string, most = Infinity): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of (await openInput(path)) as AsyncIterable<Buffer>) {
    parts.push(part);
    bytes += part.length;
    if (bytes > most) break;
  }
  return Buffer.concat(parts);
}
