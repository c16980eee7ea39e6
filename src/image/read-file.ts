/** The bytes of a picture's file, a pipe or stdin. Node only. */
import { readFile, stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { isFcnError, messageOf } from "../base/errors.js";
import { nativePath } from "../base/native-path.js";
import { isStdin, openInput } from "./open-input.js";
import { badImage } from "./picture.js";

/** What a pipe may carry: more than any picture has, less than the memory. */
const MAX_PIPED_BYTES = 2 ** 30;

/** "there is no such file", for errors of node:fs. */
export function whyUnreadable(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return "there is no such file";
  if (code === "EISDIR") return "it is a folder";
  if (code === "ELOOP") return "its links lead in a circle";
  if (code === "EACCES" || code === "EPERM") return "permission to read it is denied";
  return messageOf(error);
}

/** Everything that comes through a pipe. @throws bad-image for an endless one */
export async function readStream(stream: Readable, name: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of stream as AsyncIterable<Uint8Array>) {
    parts.push(part);
    bytes += part.length;
    if (bytes > MAX_PIPED_BYTES)
      throw badImage(
        name,
        `more than ${MAX_PIPED_BYTES} bytes came through the pipe, which no picture has; send one picture`,
      );
  }
  return Buffer.concat(parts);
}

/** The bytes of a file, a pipe or /dev/stdin. @throws bad-image when it cannot be read */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    const info = await stat(nativePath(path));
    if (isStdin(path) || info.isFIFO()) return await readStream(await openInput(path), path);
    if (info.isCharacterDevice() || info.isBlockDevice())
      throw badImage(path, "it is a device, not a file with a picture");
    return await readFile(nativePath(path));
  } catch (error) {
    if (isFcnError(error)) throw error;
    throw badImage(path, whyUnreadable(error), error);
  }
}
