/** A download into memory, for a single use: the same checks as the caches, and nothing is kept. */

import { importSha256 } from "./digest/import-sha256.js";
import type { DownloadOptions } from "./download-options.js";
import { download } from "./download.js";
import { withOwnErrors } from "./own-errors.js";
import type { Origin, PartialFile } from "./partial-file.js";
import { blobSource } from "./source.js";
import type { ByteSource } from "./source.js";
import { plainUrl } from "./urls.js";

class MemoryFile implements PartialFile {
  size = 0;
  origin: Origin | undefined;
  #chunks: Blob[] = [];

  async begin(origin: Origin): Promise<void> {
    this.#chunks = [];
    this.size = 0;
    this.origin = origin;
  }

  async append(chunk: Uint8Array): Promise<void> {
    this.#chunks.push(new Blob([chunk.slice()])); // a Blob per chunk: browsers may keep them on disk
    this.size += chunk.length;
  }

  async sha256(): Promise<string> {
    const { sha256OfBlob } = await importSha256();
    return sha256OfBlob(new Blob(this.#chunks));
  }

  async source(name: string): Promise<ByteSource> {
    return blobSource(new Blob(this.#chunks), name);
  }
}

/** @throws bad-weights when the download fails */
export async function downloadedSource(url: string | URL, options: DownloadOptions = {}): Promise<ByteSource> {
  const plain = plainUrl(url);
  const file = new MemoryFile();
  await withOwnErrors(options, (watched) => download(plain, file, watched));
  return file.source(plain);
}
