/** Disk errors of a comparison or a training as sentences, and folders that lead nowhere else. */
import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { FcnError, messageOf } from "../base/errors.js";
import { makeFolder } from "../base/make-folder.js";
import { nativePath } from "../base/native-path.js";
import { isTemporaryName } from "../base/write-whole.js";

/** What errors of the file system mean, for people. */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "no space is left on the device",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would be larger than the system allows",
  EROFS: "the file system is read-only",
  EACCES: "the permission is missing",
  EPERM: "the permission is missing",
  ELOOP: "the links lead in a circle",
  EISDIR: "it is a folder",
  ERR_FS_EISDIR: "it is a folder",
  EIO: "the device reported an error",
};

/** What of a command's work outlives its end. */
export const KEPT_WORK: Readonly<Record<string, string>> = {
  compare: "finished pictures are",
  segment: "finished pictures are",
  train: "the last state of the training is",
};

/**
 * Waits for a write. All that was finished before stays usable.
 * @throws bad-option naming the path and the reason
 */
export async function writing<T>(path: string, write: Promise<T>, command = "compare"): Promise<T> {
  try {
    return await write;
  } catch (error) {
    const cause = error instanceof FcnError ? error.cause : error; // writeWhole has made a sentence of it already
    const { code } = (cause ?? {}) as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const reason = REASONS[code] ?? messageOf(cause);
    throw new FcnError(
      "bad-option",
      `${command}: cannot write ${path}: ${reason} (${code}); ${KEPT_WORK[command] ?? ""} kept, and --resume ` +
        "continues after the cause is removed",
      { cause: error },
    );
  }
}

/** Removes a file; with `recursive` a folder too. @throws bad-option naming the path and the reason */
export const removing = (path: string, command = "compare", { recursive = false } = {}): Promise<void> =>
  writing(path, rm(nativePath(path), { recursive, force: true }), command);

/** Makes a folder below --out. @throws bad-option for a link or a file in its place: writes would land elsewhere */
export async function ownFolder(path: string, command = "compare"): Promise<void> {
  const info = await lstat(nativePath(path)).catch(() => undefined);
  if (info && !info.isDirectory())
    throw new FcnError("bad-option", `${command}: ${path} is a link or a file, a folder is needed; remove it`);
  await writing(path, makeFolder(path), command);
}

/** Removes files that a killed run was writing aside. Call it only while no other run writes to the folder. */
export async function removeUnfinished(folder: string, command = "compare"): Promise<void> {
  const entries = await writing(folder, readdir(nativePath(folder), { withFileTypes: true }), command);
  const unfinished = entries.filter((entry) => entry.isFile() && isTemporaryName(entry.name));
  for (const { name } of unfinished) await removing(join(folder, name), command);
}
