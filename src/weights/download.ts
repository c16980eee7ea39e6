/**
 * Downloads one URL into a partial file, completely or not at all: resumes an earlier attempt, tries again when the
 * transfer breaks off, and checks the hash that torchvision writes into file names.
 *
 * Not here: one attempt (transfer.ts), where the bytes are kept (disk-cache.ts, browser-cache.ts, memory-download.ts).
 * Browser-safe, no node: imports.
 */

import { FcnError } from "../base/errors.js";
import type { DownloadOptions } from "./download-options.js";
import { openCheckpoint } from "./open.js";
import { isComplete, reset } from "./partial-file.js";
import type { PartialFile } from "./partial-file.js";
import { badWeights } from "./source.js";
import { BrokenOff, transfer } from "./transfer.js";
import { promisedHash } from "./urls.js";

/** An attempt that brings as many is not counted as a failure. */
const PROGRESS_BYTES = 65_536;

/**
 * Brings all of `url` into `file` and checks it: length, known or promised hash, and that it opens as a checkpoint.
 * @throws bad-weights; the bytes received stay in `file` for the next attempt, unless they are known to be wrong
 */
export async function download(url: string, file: PartialFile, options: DownloadOptions = {}): Promise<void> {
  if (!isComplete(file, url)) await transferWithRetries(url, file, options);
  if (file.size === 0) throw badWeights(url, "the server sent an empty file (0 bytes); check the URL");
  await check(url, file, options.sha256);
  options.onProgress?.({ loaded: file.size, total: file.size });
}

async function transferWithRetries(url: string, file: PartialFile, options: DownloadOptions): Promise<void> {
  const { retries = 3, retryDelay = 500, signal } = options;
  let most = file.size;
  let failures = 0;
  do {
    try {
      return await transfer(url, file, options);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof BrokenOff)) throw error;
      // Only bytes that no attempt had before count as progress, and only many: retries must end at a server that
      // always breaks off, or sends a few bytes each time.
      const isProgress = file.size >= most + PROGRESS_BYTES;
      failures = isProgress ? 1 : failures + 1;
      if (isProgress) most = file.size;
      if (failures > retries) throw badWeights(url, `${error.message}; try again to resume the download`, error);
      await pause(retryDelay * 2 ** (failures - 1), signal);
    }
  } while (!isComplete(file, url)); // the last byte may have arrived before the transfer broke off
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  signal?.throwIfAborted();
}

/**
 * Empties `file` when its bytes are wrong, because they must not be resumed.
 * @throws bad-weights when the bytes are not the file that the URL promises
 */
async function check(url: string, file: PartialFile, sha256: string | undefined): Promise<void> {
  const promised = sha256 ?? promisedHash(url);
  if (promised !== undefined) {
    const hash = await file.sha256();
    if (!hash.startsWith(promised)) {
      const claim = sha256 ? `its sha256 must be ${sha256}` : `its name promises a sha256 that starts with ${promised}`;
      const found = `the ${file.size} bytes received have the sha256 ${hash}`;
      await reset(file, url);
      throw badWeights(url, `${claim}, but ${found}; the server sent another file, or it was damaged on the way`);
    }
  }
  try {
    // The latest point to notice a body cut short by a wrong content-length, or a page sent in place of a file.
    const checkpoint = await openCheckpoint(await file.source(url));
    await checkpoint.close();
  } catch (error) {
    if (error instanceof FcnError) await reset(file, url);
    throw error;
  }
}
