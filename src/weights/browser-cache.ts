/**
 * Downloaded checkpoints in a browser's Cache API: pieces of 16 MB and a manifest that says how many there are, of which
 * version, and whether they are all. The manifest is written after the pieces it counts, so that a closed page leaves a
 * download to resume and never a file that counts as whole; reading makes one Blob of the pieces, which stays on disk.
 *
 * Not here: the transfer itself (download.ts). https://w3c.github.io/ServiceWorker/#cache-interface
 */

import { FcnError, messageOf } from "../base/errors.js";
import { download, plainUrl, Turns } from "./download.js";
import type { DownloadOptions, Origin, PartialFile } from "./download.js";
import { Sha256 } from "./sha256.js";
import { badWeights, blobSource } from "./source.js";
import type { ByteSource } from "./source.js";

const CACHE_NAME = "fcn-webgpu";
const PIECE = 16 * 1024 * 1024;

/** What of a Cache is used. */
export type CacheLike = Pick<Cache, "match" | "put" | "delete">;

export interface BrowserCacheOptions extends DownloadOptions {
  /** Default: the cache named "fcn-webgpu". */
  readonly cache?: CacheLike;
  /** Bytes of a piece, for tests. */
  readonly pieceBytes?: number;
}

interface Manifest {
  readonly origin: Origin;
  readonly pieces: number;
  readonly size: number;
  readonly whole: boolean;
}

/** Keys must be http(s) URLs; `.invalid` is reserved and resolves nowhere. */
const keyOf = (url: string, part: string): string => `https://fcn-webgpu.invalid/${encodeURIComponent(url)}/${part}`;

class CachedPieces implements PartialFile {
  #buffer: Uint8Array<ArrayBuffer>[] = [];
  #buffered = 0;
  origin: Origin | undefined;
  whole = false;
  private pieces = 0;
  private stored = 0;

  constructor(
    readonly cache: CacheLike,
    readonly url: string,
    readonly pieceBytes: number,
  ) {}

  static async open(cache: CacheLike, url: string, pieceBytes: number): Promise<CachedPieces> {
    const file = new CachedPieces(cache, url, pieceBytes);
    const manifest = await file.manifest();
    if (manifest === undefined) return file;
    file.pieces = manifest.pieces; // begin() deletes so many
    // A browser short of space may have thrown pieces away: then there is nothing to build on.
    const sizes = await Promise.all(
      Array.from({ length: manifest.pieces }, async (_, i) => (await file.piece(i))?.size),
    );
    if (sizes.includes(undefined) || sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0) !== manifest.size)
      return file;
    file.origin = manifest.origin;
    file.whole = manifest.whole;
    file.stored = manifest.size;
    return file;
  }

  get size(): number {
    return this.stored + this.#buffered;
  }

  async begin(origin: Origin): Promise<void> {
    await this.cache.delete(keyOf(this.url, "manifest"));
    for (let i = 0; i < this.pieces; i++) await this.cache.delete(keyOf(this.url, String(i)));
    this.#buffer = [];
    this.#buffered = 0;
    this.pieces = 0;
    this.stored = 0;
    this.origin = origin;
  }

  async append(chunk: Uint8Array): Promise<void> {
    this.#buffer.push(chunk.slice());
    this.#buffered += chunk.length;
    if (this.#buffered >= this.pieceBytes) await this.flush(false);
  }

  /** Stores what is buffered as one more piece, then the manifest that counts it. */
  async flush(whole: boolean): Promise<void> {
    if (this.origin === undefined) return;
    if (this.#buffered > 0)
      await this.cache.put(keyOf(this.url, String(this.pieces)), new Response(new Blob(this.#buffer)));
    const manifest: Manifest = {
      origin: this.origin,
      pieces: this.pieces + (this.#buffered > 0 ? 1 : 0),
      size: this.size,
      whole,
    };
    await this.cache.put(keyOf(this.url, "manifest"), new Response(JSON.stringify(manifest)));
    this.pieces = manifest.pieces;
    this.stored = manifest.size;
    this.#buffer = [];
    this.#buffered = 0;
  }

  async blob(): Promise<Blob> {
    const parts: Blob[] = [];
    for (let i = 0; i < this.pieces; i++) {
      const piece = await this.piece(i);
      if (piece === undefined)
        throw badWeights(this.url, "the browser has dropped part of it from its cache; load it again");
      parts.push(piece);
    }
    return new Blob([...parts, ...this.#buffer]);
  }

  async sha256(): Promise<string> {
    return hashBlob(await this.blob());
  }

  async source(name: string): Promise<ByteSource> {
    return blobSource(await this.blob(), name);
  }

  private async manifest(): Promise<Manifest | undefined> {
    const response = await this.cache.match(keyOf(this.url, "manifest"));
    return response === undefined ? undefined : ((await response.json()) as Manifest);
  }

  private async piece(index: number): Promise<Blob | undefined> {
    return (await this.cache.match(keyOf(this.url, String(index))))?.blob();
  }
}

/** SHA-256 of a Blob, read piece by piece. */
async function hashBlob(blob: Blob): Promise<string> {
  const hash = new Sha256();
  for (let at = 0; at < blob.size; at += PIECE)
    hash.update(new Uint8Array(await blob.slice(at, at + PIECE).arrayBuffer()));
  return hash.hex();
}

const turns = new Turns();

/** One download of a URL at a time, over all tabs where the browser has locks. https://w3c.github.io/web-locks/ */
function alone<T>(url: string, task: () => Promise<T>): Promise<T> {
  const locks = (globalThis.navigator as Partial<Navigator> | undefined)?.locks;
  return turns.take(url, () =>
    locks === undefined ? task() : (Promise.resolve(locks.request(`fcn-webgpu ${url}`, task)) as Promise<T>),
  );
}

/** True where there is a Cache API (secure contexts of browsers and workers). */
export function hasBrowserCache(): boolean {
  return "caches" in globalThis;
}

/**
 * A URL by way of the browser's cache: bytes are read from it on demand.
 * @throws bad-weights when the download fails or the browser has no room
 */
export async function browserCachedSource(url: string | URL, options: BrowserCacheOptions = {}): Promise<ByteSource> {
  const plain = plainUrl(url);
  return alone(plain, async () => {
    let file: CachedPieces | undefined;
    try {
      const cache = options.cache ?? (await caches.open(CACHE_NAME));
      file = await CachedPieces.open(cache, plain, options.pieceBytes ?? PIECE);
      if (file.whole) {
        options.onProgress?.({ loaded: file.size, total: file.size });
      } else {
        await download(plain, file, options);
        await file.flush(true);
      }
      return await file.source(plain);
    } catch (error) {
      await file?.flush(false).catch(() => undefined); // no room: the pieces before stay for the next attempt
      if (error instanceof FcnError || options.signal?.aborted) throw error;
      throw badWeights(
        plain,
        `it cannot be kept in the browser's cache (${messageOf(error)}); free some space, or load with cache: false`,
        error,
      );
    }
  });
}

/** Downloads into memory, for once: the same checks, no cache. @throws bad-weights */
export async function downloadedSource(url: string | URL, options: DownloadOptions = {}): Promise<ByteSource> {
  const plain = plainUrl(url);
  let parts: Blob[] = [];
  let size = 0;
  let origin: Origin | undefined;
  const file: PartialFile = {
    get size() {
      return size;
    },
    get origin() {
      return origin;
    },
    begin(from) {
      parts = [];
      size = 0;
      origin = from;
      return Promise.resolve();
    },
    append(chunk) {
      parts.push(new Blob([chunk.slice()])); // a Blob per chunk: browsers may keep them on disk
      size += chunk.length;
      return Promise.resolve();
    },
    sha256: () => hashBlob(new Blob(parts)),
    source: (name) => Promise.resolve(blobSource(new Blob(parts), name)),
  };
  await download(plain, file, options);
  return file.source(plain);
}
