/**
 * Downloaded checkpoints on disk, for Node: one file per URL under ~/.cache/fcn-webgpu. A file gets its name when it
 * is complete. Until then the download is a folder `KEY.part` beside it. A process claims that folder by renaming it:
 * renames are atomic, so no locks can be left behind, and two processes that download one URL never write into the
 * same file.
 *
 * Not here: the transfer itself (download.ts), the folder's files (partial-folder.ts).
 */

import { createHash } from "node:crypto";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, isAbsolute, join } from "node:path";
import { FcnError, messageOf } from "../base/errors.js";
import type { DownloadOptions } from "./download-options.js";
import { download } from "./download.js";
import { fileSource } from "./file-source.js";
import { PartialFolder } from "./partial-folder.js";
import { badWeights } from "./source.js";
import type { ByteSource } from "./source.js";
import { Turns } from "./turns.js";
import { fileNameOf, plainUrl } from "./urls.js";

export interface DiskCacheOptions extends DownloadOptions {
  /** Default: cacheFolder(). */
  readonly folder?: string;
}

/** FCN_WEBGPU_CACHE, or fcn-webgpu under XDG_CACHE_HOME, or ~/.cache/fcn-webgpu. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.FCN_WEBGPU_CACHE) return env.FCN_WEBGPU_CACHE;
  const xdg = env.XDG_CACHE_HOME;
  // The XDG specification: a relative path is invalid and ignored.
  const parent = xdg !== undefined && isAbsolute(xdg) ? xdg : join(homedir(), ".cache");
  return join(parent, "fcn-webgpu");
}

/** Path of the complete file: 16 digits of the URL's hash, and the file name in the URL so that people recognise it. */
function cachePath(url: string, folder: string): string {
  const key = createHash("sha256").update(url).digest("hex").slice(0, 16);
  const name = fileNameOf(url)
    .replace(/[^\w.-]+/g, "_")
    .slice(-100);
  return join(folder, `${key}-${name || "weights"}`);
}

/** True for `KEY.part-PID-COUNT` of a process that has ended. */
function isOrphan(name: string): boolean {
  const pid = Number(/-(\d+)-\d+$/.exec(name)?.[1]);
  try {
    process.kill(pid, 0); // signal 0 only asks whether the process exists
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}

/** False where the rename failed, because another process was quicker. */
function tryRename(from: string, to: string): Promise<boolean> {
  return rename(from, to).then(
    () => true,
    () => false,
  );
}

let claims = 0;

/** Takes over the bytes of an earlier attempt, also of a process that was killed, or starts an empty folder. */
async function claim(target: string, folder: string): Promise<PartialFolder> {
  claims++;
  const claimed = `${target}.part-${process.pid}-${claims}`;
  const prefix = `${basename(target)}.part`;
  for (const name of await readdir(folder)) {
    const isFree = name === prefix || (name.startsWith(`${prefix}-`) && isOrphan(name));
    if (isFree && (await tryRename(join(folder, name), claimed))) break;
  }
  return PartialFolder.open(claimed);
}

/** Leaves the bytes for the next attempt, unless another process has left some meanwhile: then those stay. */
async function release(partial: PartialFolder, target: string): Promise<void> {
  await partial.close().catch(() => undefined); // a full disk: the bytes written are still worth keeping
  const kept = partial.size > 0 && (await tryRename(partial.path, `${target}.part`));
  if (!kept) await rm(partial.path, { recursive: true, force: true });
}

const turns = new Turns();

/**
 * The path of the downloaded file. Downloads it where it is not there yet.
 * @throws bad-weights when the download fails or the folder cannot be written
 */
export async function cachedFile(url: string | URL, options: DiskCacheOptions = {}): Promise<string> {
  const plain = plainUrl(url);
  const folder = options.folder ?? cacheFolder();
  const target = cachePath(plain, folder);
  return turns.take(target, async () => {
    const known = await stat(target).catch(() => undefined);
    if (known?.isFile()) {
      options.onProgress?.({ loaded: known.size, total: known.size });
      return target;
    }
    let partial: PartialFolder | undefined;
    try {
      await mkdir(folder, { recursive: true });
      partial = await claim(target, folder);
      await download(plain, partial, options);
      await partial.close();
      await rename(partial.data, target);
      await rm(partial.path, { recursive: true, force: true });
      return target;
    } catch (error) {
      if (partial) await release(partial, target);
      if (error instanceof FcnError || options.signal?.aborted) throw error;
      const cure = "set FCN_WEBGPU_CACHE to a folder with room that can be written, or load with cache: false";
      throw badWeights(plain, `it cannot be kept in ${folder} (${messageOf(error)}); ${cure}`, error);
    }
  });
}

/** Opens a URL through the cache: bytes are read from disk on demand. @throws bad-weights */
export async function cachedSource(url: string | URL, options: DiskCacheOptions = {}): Promise<ByteSource> {
  return fileSource(await cachedFile(url, options), String(url));
}
