/**
 * Files written aside and renamed: a reader sees the old file or the new one, never a part. A failure, a signal or the
 * end of the program leaves nothing behind. Node only.
 */
import { randomBytes } from "node:crypto";
import { closeSync, constants, fsync, openSync, rmSync, write } from "node:fs";
import { open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { FcnError, messageOf } from "./errors.js";
import { nameLength, nativePath } from "./native-path.js";
import { openDescriptor } from "./open-descriptor.js";

/** The whole contents, or its parts in order. */
export type FileContent = Uint8Array | string | AsyncIterable<Uint8Array>;

export interface WriteOptions {
  /** Called with the bytes written so far. */
  readonly onBytes?: (written: number) => void;
  /** Wait until the disk has the bytes, so that a power cut after the call loses nothing. Default: false. */
  readonly flush?: boolean;
  /** The folder of the unfinished file, on the same disk as the target. Default: the target's. */
  readonly aside?: string;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full; free space, or write to another disk",
  EDQUOT: "the disk quota is used up; free space, or write to another disk",
  EFBIG: "it is larger than a file may be here; raise the limit, or write to another disk",
  EACCES: "permission is denied; choose another place",
  EPERM: "permission is denied; choose another place",
  EROFS: "the file system is read-only; choose another place",
  ENOENT: "its folder does not exist; make it first",
  ENOTDIR: "a part of its path is a file, not a folder; choose another place",
  ELOOP: "its links lead in a circle; choose another place",
  EISDIR: "it is a folder; choose another name",
  EEXIST: "a file of that name is in the way; choose another place",
  ENAMETOOLONG: "its name is too long for the file system; choose a shorter one",
  EPIPE: "its reader is gone; start the reader again",
};

/** "the disk is full; free space, ..." for errors of node:fs. */
export function whyNotWritten(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? "";
  return REASONS[code] ?? messageOf(error);
}

/** A sentence about a file or folder that node:fs could not write. */
export const cannotWrite = (path: string, error: unknown): FcnError =>
  new FcnError("bad-option", `${path} cannot be written: ${whyNotWritten(error)}`, { cause: error });

/** Temporary files that are there now. */
const pending = new Set<string>();
let isCleanedAtExit = false;

function removePending(): void {
  for (const path of pending) rmSync(nativePath(path), { force: true });
}

const SHORTEST_NAME = 6;
const LONGEST_NAME = 17;
const ATTEMPTS = 20;

/** A hidden name that nobody can guess, in most cases no longer than the target's. */
function temporaryName(path: string): string {
  const length = Math.min(LONGEST_NAME, Math.max(SHORTEST_NAME, nameLength(basename(path))));
  return join(
    dirname(path),
    `.${randomBytes(LONGEST_NAME)
      .toString("hex")
      .slice(0, length - 1)}`,
  );
}

/** Shorter names of hexadecimal digits may be words. */
const TEMPORARY_NAME = /^\.[0-9a-f]{8,16}$/;

/** Whether a file of this name, eight digits or more, was being written when its process was killed. */
export const isTemporaryName = (name: string): boolean => TEMPORARY_NAME.test(name);

interface OpenFile {
  readonly path: string;
  readonly file: number;
}

/** A new file beside the target. Never opens one that exists, nor follows a link. */
function openTemporary(target: string): OpenFile {
  if (!isCleanedAtExit) process.once("exit", removePending);
  isCleanedAtExit = true;
  for (let attempt = 1; ; attempt++) {
    const path = temporaryName(target);
    try {
      const file = openSync(nativePath(path), constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL);
      pending.add(path); // in the same turn: no signal comes between
      return { path, file };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || attempt === ATTEMPTS) throw error;
    }
  }
}

const writeSome = promisify(write);

async function* partsOf(content: FileContent): AsyncGenerator<Uint8Array> {
  if (typeof content === "string") yield Buffer.from(content);
  else if (content instanceof Uint8Array) yield content;
  else yield* content;
}

async function writeParts(file: number, content: FileContent, { onBytes, flush = false }: WriteOptions): Promise<void> {
  let total = 0;
  for await (const part of partsOf(content)) {
    let done = 0;
    while (done < part.length) {
      const { bytesWritten } = await writeSome(file, part, done, part.length - done);
      done += bytesWritten;
    }
    total += part.length;
    onBytes?.(total);
  }
  if (flush) await promisify(fsync)(file);
}

/** Devices, pipes and open files of a process cannot be replaced by a file: they are written to as they are. */
async function isSpecial(path: string): Promise<boolean> {
  const info = await stat(nativePath(path)).catch(() => undefined);
  if (info?.isDirectory()) return false;
  return (info !== undefined && !info.isFile()) || (await openDescriptor(path)) !== undefined;
}

/** What this process has open as stdout or stderr; its buffers keep the order of what is printed beside it. */
async function standardStream(path: string): Promise<NodeJS.WriteStream | undefined> {
  const own = (await openDescriptor(path))?.own;
  return [undefined, process.stdout, process.stderr][own ?? 0];
}

async function writeSpecial(path: string, content: FileContent, options: WriteOptions): Promise<void> {
  const stream = await standardStream(path);
  if (stream) return writeStream(stream, content, options);
  const handle = await open(nativePath(path), "a"); // what is in an open file stays
  try {
    await writeParts(handle.fd, content, { ...options, flush: false });
  } finally {
    await handle.close();
  }
}

/** Writes to stdout or stderr. Resolves once the system has taken all. @throws the stream's error */
export async function writeStream(
  stream: NodeJS.WriteStream,
  content: FileContent,
  { onBytes }: WriteOptions = {},
): Promise<void> {
  let total = 0;
  for await (const part of partsOf(content)) {
    await new Promise<void>((done, fail) => void stream.write(part, (error) => (error ? fail(error) : done())));
    total += part.length;
    onBytes?.(total);
  }
}

async function writeAside(target: string, content: FileContent, options: WriteOptions): Promise<void> {
  const { aside = dirname(target) } = options;
  const { path, file } = openTemporary(join(aside, basename(target)));
  try {
    try {
      await writeParts(file, content, options);
    } finally {
      closeSync(file);
    }
    await rename(nativePath(path), nativePath(target));
  } catch (error) {
    await rm(nativePath(path), { force: true });
    throw error;
  } finally {
    pending.delete(path);
  }
}

/**
 * Writes beside the target, then renames. A link is replaced, not followed, unless it leads to what a process has open,
 * as /dev/stdout does; that, a device or a pipe is written to.
 * @throws bad-option naming the path and the reason, such as a full disk; and what reading the content throws
 */
export async function writeWhole(path: string, content: FileContent, options: WriteOptions = {}): Promise<void> {
  try {
    if (await isSpecial(path)) await writeSpecial(path, content, options);
    else await writeAside(path, content, options);
  } catch (error) {
    // By its fields and not by class: under Jest, Node's errors are of another realm.
    const isOfTheSystem = typeof error === "object" && error !== null && "syscall" in error;
    throw isOfTheSystem ? cannotWrite(path, error) : error;
  }
}
