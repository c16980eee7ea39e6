/**
 * Downloaded checkpoints in a browser's Cache API: pieces of 16 MB, and a manifest with their number, their origin
 * and whether the file is complete. The manifest is written after the pieces it counts: a page that closes early
 * leaves a download to resume and never a file that counts as complete. Reading joins the pieces to one Blob, which
 * stays on disk.
 *
 * Not here: the transfer itself (download.ts). https://w3c.github.io/ServiceWorker/#cache-interface
 */

import { FcnError, messageOf } from "../base/errors.js";
import { importSha256 } from "./digest/import-sha256.js";
import type { DownloadOptions } from "./download-options.js";
import { download } from "./download.js";
import { withOwnErrors } from "./own-errors.js";
import type { Origin, PartialFile } from "./partial-file.js";
import { badWeights, blobSource } from "./source.js";
import type { ByteSource } from "./source.js";
import { Turns } from "./turns.js";
import { plainUrl } from "./urls.js";

const CACHE_NAME = "fcn-webgpu";
const PIECE_BYTES = 16 * 1024 * 1024;

/** The methods of Cache that are used. */
export type CacheLike = Pick<Cache, "match" | "put" | "delete">;

export interface BrowserCacheOptions extends DownloadOptions {
  /** Default: the cache named "fcn-webgpu". */
  readonly cache?: CacheLike;
  /** Bytes of a piece, for tests. */
  readonly pieceBytes?: number;
}

/** Stored as JSON; the names of its fields stay. */
interface Manifest {
  readonly origin: Origin;
  readonly pieces: number;
  readonly size: number;
  /** The file is complete. */
  readonly whole: boolean;
}

/** Keys must be http(s) URLs; `.invalid` is reserved and resolves nowhere. */
const keyOf = (url: string, part: string): string => `https://fcn-webgpu.invalid/${encodeURIComponent(url)}/${part}`;

class CachedPieces implements PartialFile {
  origin: Origin | undefined;
  complete = false;
  readonly #cache: CacheLike;
  readonly #url: string;
  readonly #pieceBytes: number;
  #buffer: Uint8Array<ArrayBuffer>[] = [];
  #bufferedBytes = 0;
  #pieces = 0;
  #storedBytes = 0;

  constructor(cache: CacheLike, url: string, pieceBytes: number) {
    this.#cache = cache;
    this.#url = url;
    this.#pieceBytes = pieceBytes;
  }

  /** Takes up the pieces of an earlier download, if all of them are still there. */
  async resume(): Promise<void> {
    const manifest = await this.#readManifest();
    if (manifest === undefined) return;
    this.#pieces = manifest.pieces; // begin() deletes this many
    let bytes = 0;
    for (let i = 0; i < manifest.pieces; i++) {
      const piece = await this.#readPiece(i);
      if (piece === undefined) return; // a browser short of space may have deleted it
      bytes += piece.size;
    }
    if (bytes !== manifest.size) return;
    this.origin = manifest.origin;
    this.complete = manifest.whole;
    this.#storedBytes = manifest.size;
  }

  get size(): number {
    return this.#storedBytes + this.#bufferedBytes;
  }

  async begin(origin: Origin): Promise<void> {
    await this.#cache.delete(keyOf(this.#url, "manifest"));
    for (let i = 0; i < this.#pieces; i++) await this.#cache.delete(keyOf(this.#url, String(i)));
    this.#clearBuffer();
    this.#pieces = 0;
    this.#storedBytes = 0;
    this.origin = origin;
  }

  async append(chunk: Uint8Array): Promise<void> {
    this.#buffer.push(chunk.slice());
    this.#bufferedBytes += chunk.length;
    if (this.#bufferedBytes >= this.#pieceBytes) await this.flush(false);
  }

  /** Stores the buffer as one more piece, then the manifest that counts it. */
  async flush(complete: boolean): Promise<void> {
    if (this.origin === undefined) return;
    let pieces = this.#pieces;
    if (this.#bufferedBytes > 0) {
      await this.#cache.put(keyOf(this.#url, String(pieces)), new Response(new Blob(this.#buffer)));
      pieces++;
    }
    const manifest: Manifest = { origin: this.origin, pieces, size: this.size, whole: complete };
    await this.#cache.put(keyOf(this.#url, "manifest"), new Response(JSON.stringify(manifest)));
    this.#pieces = pieces;
    this.#storedBytes = manifest.size;
    this.#clearBuffer();
  }

  async sha256(): Promise<string> {
    const { sha256OfBlob } = await importSha256();
    return sha256OfBlob(await this.#blob());
  }

  async source(name: string): Promise<ByteSource> {
    return blobSource(await this.#blob(), name);
  }

  async #blob(): Promise<Blob> {
    const parts: Blob[] = [];
    for (let i = 0; i < this.#pieces; i++) {
      const piece = await this.#readPiece(i);
      if (piece === undefined)
        throw badWeights(this.#url, "the browser has dropped part of it from its cache; load it again");
      parts.push(piece);
    }
    return new Blob([...parts, ...this.#buffer]);
  }

  #clearBuffer(): void {
    this.#buffer = [];
    this.#bufferedBytes = 0;
  }

  async #readManifest(): Promise<Manifest | undefined> {
    const response = await this.#cache.match(keyOf(this.#url, "manifest"));
    return response === undefined ? undefined : ((await response.json()) as Manifest);
  }

  async #readPiece(index: number): Promise<Blob | undefined> {
    const response = await this.#cache.match(keyOf(this.#url, String(index)));
    return response?.blob();
  }
}

const turns = new Turns();

/** One download of a URL at a time, over all tabs where the browser has locks. https://w3c.github.io/web-locks/ */
function exclusively<T>(url: string, task: () => Promise<T>): Promise<T> {
  const locks = (globalThis.navigator as Partial<Navigator> | undefined)?.locks;
  return turns.take(url, () => {
    if (locks === undefined) return task();
    return locks.request(`fcn-webgpu ${url}`, task);
  });
}

/** True where there is a Cache API (secure contexts of browsers and workers). */
export function hasBrowserCache(): boolean {
  return "caches" in globalThis;
}

/**
 * Downloads a URL into the browser's cache, unless it is there already, and reads its bytes from there on demand.
 * @throws bad-weights when the download fails or the browser has no room
 */
export async function browserCachedSource(url: string | URL, options: BrowserCacheOptions = {}): Promise<ByteSource> {
  const plain = plainUrl(url);
  return withOwnErrors(options, (watched) => exclusively(plain, () => cachedPieces(plain, watched)));
}

async function cachedPieces(plain: string, options: BrowserCacheOptions): Promise<ByteSource> {
  let file: CachedPieces | undefined;
  try {
    const cache = options.cache ?? (await caches.open(CACHE_NAME));
    file = new CachedPieces(cache, plain, options.pieceBytes ?? PIECE_BYTES);
    await file.resume();
    if (file.complete) {
      options.onProgress?.({ loaded: file.size, total: file.size });
    } else {
      await download(plain, file, options);
      await file.flush(true);
    }
    return await file.source(plain);
  } catch (error) {
    await file?.flush(false).catch(() => undefined); // no room: the pieces before stay for the next attempt
    if (error instanceof FcnError || options.signal?.aborted) throw error;
    const cure = "free some space, or load with cache: false";
    throw badWeights(plain, `it cannot be kept in the browser's cache (${messageOf(error)}); ${cure}`, error);
  }
}
