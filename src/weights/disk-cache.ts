/**
 * Downloaded checkpoints on disk, for Node: one file per URL under ~/.cache/fcn-webgpu. A file gets its name when it
 * is complete. Until then the download is a folder `KEY.part-RANDOM` beside it, so that two processes that download one
 * URL never write into the same file.
 *
 * Not here: the transfer itself (download.ts), whose folder it is (download-claim.ts), the folder's files
 * (partial-folder.ts), later checks (checked-files.ts).
 */

import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { homedir, userInfo } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { FcnError, badOption, messageOf } from "../base/errors.js";
import { makeFolder } from "../base/make-folder.js";
import { damageOf } from "./checked-files.js";
import { DownloadClaim } from "./download-claim.js";
import type { ClaimOptions } from "./download-claim.js";
import type { DownloadOptions } from "./download-options.js";
import { download } from "./download.js";
import { fileSource } from "./file-source.js";
import { withOwnErrors } from "./own-errors.js";
import { proxiedFetch } from "./proxied-fetch.js";
import { badWeights } from "./source.js";
import type { ByteSource } from "./source.js";
import { Turns } from "./turns.js";
import { fileNameOf, plainUrl, promisedHash } from "./urls.js";

export interface DiskCacheOptions extends DownloadOptions, ClaimOptions {
  /** Default: cacheFolder(). */
  readonly folder?: string;
  /** Where to download the file from, when not from the URL itself. The cache knows it by the URL all the same. */
  readonly from?: string;
}

/**
 * An empty or relative HOME would lead to a folder below the working directory.
 * @throws bad-option where there is none
 */
function homeFolder(): string {
  for (const home of [homedir, () => userInfo().homedir]) {
    try {
      const folder = home();
      if (isAbsolute(folder)) return folder;
    } catch {
      // The system knows none of a user without an entry, as in some containers.
    }
  }
  throw badOption("this user has no home directory for the cache; set FCN_WEBGPU_CACHE to a folder");
}

/** FCN_WEBGPU_CACHE, or fcn-webgpu under XDG_CACHE_HOME, or ~/.cache/fcn-webgpu. @throws bad-option without a home */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.FCN_WEBGPU_CACHE) return env.FCN_WEBGPU_CACHE;
  const xdg = env.XDG_CACHE_HOME;
  // The XDG specification: a relative path is invalid and ignored.
  const parent = xdg !== undefined && isAbsolute(xdg) ? xdg : join(homeFolder(), ".cache");
  return join(parent, "fcn-webgpu");
}

/**
 * Path of the complete file of a URL, whether it is there or not: 16 digits of the URL's hash, and the file name in the
 * URL so that people recognise it.
 */
export function cachePath(url: string, folder = cacheFolder()): string {
  const key = createHash("sha256").update(url).digest("hex").slice(0, 16);
  const name = fileNameOf(url)
    .replace(/[^\w.-]+/g, "_")
    .slice(-100);
  return join(folder, `${key}-${name || "weights"}`);
}

const turns = new Turns();

/**
 * The path of the downloaded file. Downloads it where it is not there yet.
 * @throws bad-weights when the download fails or the folder cannot be written
 */
export async function cachedFile(url: string | URL, options: DiskCacheOptions = {}): Promise<string> {
  const plain = plainUrl(url);
  const target = cachePath(plain, options.folder);
  await withOwnErrors(options, (watched) => turns.take(target, () => fill(target, plain, watched)));
  return target;
}

/** Downloads the file where it is not there yet. */
async function fill(target: string, plain: string, options: DiskCacheOptions): Promise<void> {
  const size = await sizeOf(target);
  const damage = size === undefined ? undefined : await damageOf(target, options.sha256 ?? promisedHash(plain));
  if (size !== undefined && damage === undefined) {
    options.onProgress?.({ loaded: size, total: size });
    return;
  }
  try {
    await downloadInto(target, plainUrl(options.from ?? plain), options, damage !== undefined);
  } catch (error) {
    if (damage === undefined || !(error instanceof FcnError)) throw error;
    throw badWeights(plain, `${target} is damaged (${damage}), and its new download failed: ${error.message}`, error);
  }
}

/** Bytes of a file; undefined where there is none. */
async function sizeOf(path: string): Promise<number | undefined> {
  const info = await stat(path).catch(() => undefined);
  return info?.isFile() ? info.size : undefined;
}

/** `replace`: also where there is a file already. @throws bad-weights, or the signal's reason */
async function downloadInto(target: string, url: string, options: DiskCacheOptions, replace: boolean): Promise<void> {
  const folder = dirname(target);
  let claim: DownloadClaim | undefined;
  try {
    await makeFolder(folder);
    claim = await DownloadClaim.take(target, options);
    // Another process may have completed the file since it was looked for.
    if (!replace && (await sizeOf(target)) !== undefined) return await claim.discard();
    await download(url, claim.partial, { fetch: proxiedFetch, ...options });
    await claim.finish();
  } catch (error) {
    const isLost = claim?.isLost === true;
    await claim?.release();
    if (isLost && !options.signal?.aborted) {
      if (!replace && (await sizeOf(target)) !== undefined) return; // the other process has completed it
      const reason = "another process has taken over its download, because this one stood still";
      throw badWeights(url, `${reason}; run it again to use the file that the other one makes`, error);
    }
    if (error instanceof FcnError || options.signal?.aborted) throw error;
    const cure = "set FCN_WEBGPU_CACHE to a folder with room that can be written, or load with cache: false";
    throw badWeights(url, `it cannot be kept in ${folder} (${messageOf(error)}); ${cure}`, error);
  }
}

/** Opens a URL through the cache: bytes are read from disk on demand. @throws bad-weights */
export async function cachedSource(url: string | URL, options: DiskCacheOptions = {}): Promise<ByteSource> {
  return fileSource(await cachedFile(url, options), String(url));
}
