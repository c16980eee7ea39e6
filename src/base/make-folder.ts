/** Makes folders. Node only. */
import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { nativePath } from "./native-path.js";

/** An error as node:fs throws it, with a sentence of ours. */
const failed = (message: string, code: string, cause: unknown): Error =>
  Object.assign(new Error(message, { cause }), { code, syscall: "mkdir" });

/** False where the parent is missing. */
async function makeOne(path: string): Promise<boolean> {
  try {
    await mkdir(nativePath(path));
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return false;
    const info = await stat(nativePath(path)).catch(() => undefined);
    if (info?.isDirectory()) return true;
    if (code === "EEXIST" && !info)
      throw failed(`${path} is a link that leads nowhere; remove it, or make its target`, "EDANGLING", error);
    throw error;
  }
}

/**
 * Makes the folder and those above it, one by one. The recursive mkdir of Node.js tries for ever where the system
 * answers that an existing folder is missing, as below /proc.
 * @throws the error of node:fs
 */
export async function makeFolder(path: string): Promise<void> {
  if (await makeOne(path)) return;
  const parent = dirname(path);
  if (parent !== path) await makeFolder(parent);
  if (!(await makeOne(path)))
    throw failed(`${parent} is no place for a folder; choose another place`, "ENOTSUP", undefined);
}
