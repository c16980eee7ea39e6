/** Files in and out: checks before any work, and writes that leave a complete file or none. */
import { randomUUID } from "node:crypto";
import { access, constants, mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { UsageError } from "./command.js";

/** `photos/cat.png` to `cat`. */
export const stem = (path: string): string => basename(path, extname(path));

/** @throws UsageError when there is no such file */
export async function checkFile(command: string, path: string): Promise<void> {
  const info = await stat(path).catch(() => undefined);
  if (!info) throw new UsageError(`${command}: there is no file ${path}`);
  if (!info.isFile()) throw new UsageError(`${command}: ${path} is not a file`);
}

/** Makes the folder. @throws UsageError when it cannot be written to */
export async function outputFolder(command: string, folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch {
    throw new UsageError(`${command}: cannot write to the folder ${folder}`);
  }
}

/** Writes beside the target, then renames: a reader never sees half a file. */
export async function writeWhole(path: string, data: Uint8Array | string): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    await writeFile(temporary, data);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
