/** Makes folders. Node only. */
import { lstat, mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { nativePath } from "./native-path.js";

/** An error as node:fs throws it, with a sentence of ours. */
const failed = (message: string, code: string, cause: unknown): Error =>
  Object.assign(new Error(message, { cause }), { code, syscall: "mkdir" });

const ATTEMPTS = 20;

async function makeOne(path: string, attempt = 1): Promise<"made" | "was there" | "no parent"> {
  try {
    await mkdir(nativePath(path));
    return "made";
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return "no parent";
    const info = await stat(nativePath(path)).catch((reason: NodeJS.ErrnoException) => reason);
    if (!(info instanceof Error)) {
      if (info.isDirectory()) return "was there";
      throw error;
    }
    if (info.code === "ELOOP") throw info;
    if (code !== "EEXIST") throw error;
    const isLink = (await lstat(nativePath(path)).catch(() => undefined))?.isSymbolicLink();
    if (isLink) throw failed(`${path} is a link that leads nowhere; remove it, or make its target`, "EDANGLING", error);
    // Another run has removed it since, as one does that fails before any result.
    if (attempt === ATTEMPTS) throw error;
    return makeOne(path, attempt + 1);
  }
}

/**
 * Makes the folder and those above it, one by one. The recursive mkdir of Node.js tries for ever where the system
 * answers that an existing folder is missing, as below /proc.
 * @returns the folders that were not there before, the outermost first
 * @throws the error of node:fs
 */
export async function makeFolder(path: string): Promise<string[]> {
  const first = await makeOne(path);
  if (first !== "no parent") return first === "made" ? [path] : [];
  const parent = dirname(path);
  const above = parent === path ? [] : await makeFolder(parent);
  const second = await makeOne(path);
  if (second === "no parent")
    throw failed(`${parent} is no place for a folder; choose another place`, "ENOTSUP", undefined);
  return second === "made" ? [...above, path] : above;
}
