/** The working directory where its name is not UTF-8, and where it was removed. */
import { readlinkSync } from "node:fs";
import { decodeName } from "../base/native-path.js";
import { UsageError } from "./command.js";

/** Node puts it in the place of bytes that are not UTF-8. */
const REPLACEMENT = "\ufffd";

/** The name with all its bytes. Linux tells them. */
function wholeName(folder: string): string {
  if (process.platform !== "linux" || !folder.includes(REPLACEMENT)) return folder;
  try {
    return decodeName(readlinkSync("/proc/self/cwd", "buffer"));
  } catch {
    return folder; // a system without /proc
  }
}

function removed(): never {
  throw new UsageError("the working directory was removed; go to another one, or give whole paths");
}

/** Makes process.cwd(), from which node:path resolves names, give such a name, or a sentence. Call it once. */
export function nameWorkingFolder(): void {
  let folder: string;
  try {
    folder = process.cwd();
  } catch {
    process.cwd = removed;
    return;
  }
  const name = wholeName(folder);
  if (name !== folder) process.cwd = () => name;
}
