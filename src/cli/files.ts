/** Files and folders that a command names: checks before any work. */
import { access, constants, mkdir, stat } from "node:fs/promises";
import { nativePath } from "../base/native-path.js";
import { whyNotWritten } from "../base/write-whole.js";
import { UsageError } from "./command.js";

/** @throws UsageError when there is no such file */
export async function checkFile(command: string, path: string): Promise<void> {
  const info = await stat(nativePath(path)).catch(() => undefined);
  if (!info) throw new UsageError(`${command}: there is no file ${path}`);
  if (!info.isFile()) throw new UsageError(`${command}: ${path} is not a file`);
}

/** Makes the folder. @throws UsageError when it cannot be written to */
export async function outputFolder(command: string, folder: string): Promise<void> {
  try {
    await mkdir(nativePath(folder), { recursive: true });
    await access(nativePath(folder), constants.W_OK);
  } catch (error) {
    throw new UsageError(`${command}: cannot write to the folder ${folder}: ${whyNotWritten(error)}`);
  }
}
