/** Output files: names that do not collide, and writes that are whole or not there at all. */
import { access, mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { UsageError } from "./command.js";

/** `photos/cat.png` to `cat`. */
export const stem = (path: string): string => basename(path, extname(path));

/** Checks before any work that every input is there and that no two would be written under one name. */
export async function checkInputs(command: string, paths: readonly string[]): Promise<void> {
  const seen = new Map<string, string>();
  for (const path of paths) {
    const info = await stat(path).catch(() => undefined);
    if (!info) throw new UsageError(`${command}: there is no file ${path}`);
    if (!info.isFile()) throw new UsageError(`${command}: ${path} is not a file`);
    const other = seen.get(stem(path));
    if (other !== undefined) throw new UsageError(`${command}: ${other} and ${path} would both be written as ${stem(path)}.*; run them with different --out folders`);
    seen.set(stem(path), path);
  }
}

/** Makes the folder. */
export async function outputFolder(command: string, folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, 2 /* W_OK */);
  } catch {
    throw new UsageError(`${command}: cannot write to the folder ${folder}`);
  }
}

/** Writes beside the target and renames, so that a reader never sees half a file. */
export async function writeWhole(path: string, data: Uint8Array | string): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    await writeFile(temporary, data);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
