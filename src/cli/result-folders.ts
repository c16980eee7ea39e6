/** The folders that a command makes for its results. A command that fails before any result leaves none behind. */
import { rmdir } from "node:fs/promises";
import { makeFolder } from "../base/make-folder.js";
import { nativePath } from "../base/native-path.js";

/** Folders that this process made, each after the one it lies in. */
const made: string[] = [];

/** @throws the error of node:fs */
export async function makeResultFolder(folder: string): Promise<void> {
  made.push(...(await makeFolder(folder)));
}

/** Removes those that are still empty. */
export async function removeEmptyFolders(): Promise<void> {
  // rmdir fails on a folder that holds something.
  for (const folder of made.splice(0).reverse()) await rmdir(nativePath(folder)).catch(() => undefined);
}
