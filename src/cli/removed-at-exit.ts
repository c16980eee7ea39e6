/** Marks and locks of this process, which go when the program ends, however it does. */
import { rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { nativePath } from "../base/native-path.js";

const paths = new Set<string>();
let isCleanedAtExit = false;

/** Call it before the file is made, or in the same turn: no signal comes between. */
export function removeAtExit(path: string): void {
  if (!isCleanedAtExit) process.once("exit", () => paths.forEach((left) => rmSync(nativePath(left), { force: true })));
  isCleanedAtExit = true;
  paths.add(path);
}

/** Removes such a file before. @throws the error of node:fs */
export async function removeBeforeExit(path: string): Promise<void> {
  await rm(nativePath(path), { force: true });
  paths.delete(path);
}
