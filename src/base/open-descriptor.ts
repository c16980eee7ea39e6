/**
 * Paths that lead to an open file of this process, as /dev/stdout, /dev/fd/3 and links to them do. Such a path names
 * what was opened, often a plain file: a program must write to it and not put another file into its place. Node only.
 */
import { basename, dirname, resolve } from "node:path";
import { linkTarget, realName } from "./native-path.js";

/** Linux follows no more links than that, either. */
const MOST_LINKS = 40;
const DESCRIPTOR_FOLDER = /^\/proc\/(\d+)(?:\/task\/\d+)?\/fd$|^\/dev\/fd$/;

/** Where a path leads that no file may replace. */
export interface OpenDescriptor {
  /** Number of the descriptor; undefined for another process's, and for other names in /dev. */
  readonly own: number | undefined;
}

/** Undefined for a path that names a file of a file system, whether it is there or not. */
export async function openDescriptor(path: string): Promise<OpenDescriptor | undefined> {
  let at = resolve(path);
  for (let links = 0; links <= MOST_LINKS; links++) {
    const folder = await realName(dirname(at)).catch(() => undefined);
    if (folder === undefined) return undefined;
    const found = DESCRIPTOR_FOLDER.exec(folder);
    if (found) return { own: Number(found[1] ?? process.pid) === process.pid ? Number(basename(at)) : undefined };
    const target = await linkTarget(at).catch(() => undefined);
    if (target === undefined) return folder === "/dev" ? { own: undefined } : undefined;
    at = resolve(folder, target);
  }
  return undefined;
}
