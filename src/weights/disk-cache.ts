/**
 * Downloaded checkpoints on disk, for Node: one file per URL under ~/.cache/fcn-webgpu, there only when whole. A download
 * lives in a folder `KEY.part` beside it, which a process takes for itself by renaming it: renames are atomic, so there
 * are no locks to be left behind, and processes that download one URL at the same time cannot write into each other's file.
 *
 * Not here: the transfer itself (download.ts).
 */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, isAbsolute, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { FcnError, messageOf } from "../base/errors.js";
import { download, fileNameOf, plainUrl, Turns } from "./download.js";
import type { DownloadOptions, Origin, PartialFile } from "./download.js";
import { fileSource } from "./file-source.js";
import { badWeights } from "./source.js";
import type { ByteSource } from "./source.js";

export interface DiskCacheOptions extends DownloadOptions {
  /** Default: cacheFolder(). */
  readonly folder?: string;
}

/** FCN_WEBGPU_CACHE, or fcn-webgpu under XDG_CACHE_HOME, or ~/.cache/fcn-webgpu. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.FCN_WEBGPU_CACHE) return env.FCN_WEBGPU_CACHE;
  // The XDG specification: a relative path is invalid and ignored.
  const xdg =
    env.XDG_CACHE_HOME !== undefined && isAbsolute(env.XDG_CACHE_HOME) ? env.XDG_CACHE_HOME : join(homedir(), ".cache");
  return join(xdg, "fcn-webgpu");
}

/** Where the file of this URL is, or will be: part of the URL's hash, and its own name to be recognised by. */
function cachePath(url: string, folder = cacheFolder()): string {
  const key = createHash("sha256").update(url).digest("hex").slice(0, 16);
  const name = fileNameOf(url)
    .replace(/[^\w.-]+/g, "_")
    .slice(-100);
  return join(folder, `${key}-${name || "weights"}`);
}

/** A download in a folder of its own: `data`, and `origin.json` which is written before the first byte of it. */
class PartialFolder implements PartialFile {
  #handle: FileHandle | undefined;

  private constructor(
    readonly path: string,
    public size: number,
    public origin: Origin | undefined,
  ) {}

  get data(): string {
    return join(this.path, "data");
  }

  static async open(path: string): Promise<PartialFolder> {
    await mkdir(path, { recursive: true });
    const size = await stat(join(path, "data")).then(
      (info) => info.size,
      () => 0,
    );
    const origin = await readFile(join(path, "origin.json"), "utf8")
      .then((text) => JSON.parse(text) as Origin)
      .catch(() => undefined);
    return new PartialFolder(path, size, origin);
  }

  async begin(origin: Origin): Promise<void> {
    await this.release();
    await rm(this.data, { force: true });
    await writeFile(join(this.path, "origin.json"), JSON.stringify(origin));
    this.size = 0;
    this.origin = origin;
  }

  async append(chunk: Uint8Array): Promise<void> {
    this.#handle ??= await open(this.data, "a");
    for (let at = 0; at < chunk.length;) {
      const { bytesWritten } = await this.#handle.write(chunk, at);
      at += bytesWritten;
      this.size += bytesWritten;
    }
  }

  async sha256(): Promise<string> {
    const hash = createHash("sha256");
    await pipeline(createReadStream(this.data), hash);
    return hash.digest("hex");
  }

  async source(name: string): Promise<ByteSource> {
    return fileSource(this.data, name);
  }

  /** Closes the file after everything has reached the disk. */
  async release(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.sync();
    await handle?.close();
  }
}

/** True for `KEY.part-PID-...` of a process that has ended. */
function isOrphan(name: string): boolean {
  const pid = Number(/-(\d+)-\d+$/.exec(name)?.[1]);
  try {
    process.kill(pid, 0); // signal 0 only asks
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}

let claims = 0;

/** Takes what an earlier attempt left, its process's end included, or starts an empty folder. */
async function claim(target: string, folder: string): Promise<PartialFolder> {
  const mine = `${target}.part-${process.pid}-${++claims}`;
  const prefix = `${basename(target)}.part`;
  for (const name of await readdir(folder)) {
    if (name !== prefix && !(name.startsWith(`${prefix}-`) && isOrphan(name))) continue;
    if (
      await rename(join(folder, name), mine).then(
        () => true,
        () => false,
      )
    )
      break; // false: another process was quicker
  }
  return PartialFolder.open(mine);
}

/** Leaves the bytes for the next attempt; if another process has left some meanwhile, those stay. */
async function leave(partial: PartialFolder, target: string): Promise<void> {
  await partial.release().catch(() => undefined); // a full disk: what is there is still worth keeping
  const kept =
    partial.size > 0 &&
    (await rename(partial.path, `${target}.part`).then(
      () => true,
      () => false,
    ));
  if (!kept) await rm(partial.path, { recursive: true, force: true });
}

const turns = new Turns();

/**
 * The path of the downloaded file, after a download if need be.
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
      await partial.release();
      await rename(partial.data, target);
      await rm(partial.path, { recursive: true, force: true });
      return target;
    } catch (error) {
      if (partial) await leave(partial, target);
      if (error instanceof FcnError || options.signal?.aborted) throw error;
      const cure = "set FCN_WEBGPU_CACHE to a folder with room that can be written, or load with cache: false";
      throw badWeights(plain, `it cannot be kept in ${folder} (${messageOf(error)}); ${cure}`, error);
    }
  });
}

/** A URL by way of the cache: bytes are read from disk on demand. @throws bad-weights */
export async function cachedSource(url: string | URL, options: DiskCacheOptions = {}): Promise<ByteSource> {
  return fileSource(await cachedFile(url, options), String(url));
}
