/** What callers may say about weights that come from a URL. */

import { ABORTABLE_KINDS } from "../base/abort.js";
import type { Abortable } from "../base/abort.js";
import type { Kinds } from "../base/options.js";

export interface DownloadProgress {
  readonly loaded: number;
  /** Undefined where the server does not say. */
  readonly total: number | undefined;
}

export interface DownloadOptions {
  /** Called at the start, for each chunk, and once at the end with loaded === total; also for a file from the cache. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  readonly signal?: AbortSignal | undefined;
  /** Used in place of the global fetch. */
  readonly fetch?: typeof fetch;
  /** Most bytes that a server may send; default 2^32. */
  readonly maxBytes?: number;
  /** Attempts after one that broke off without bringing anything new; default 3. */
  readonly retries?: number;
  /** Milliseconds before the first retry, doubled for each one after it; default 500. */
  readonly retryDelay?: number;
}

/** Options of loadFcn and openSource for weights that come from a URL. */
export interface WeightsOptions extends Abortable {
  /** Progress of the download, as one total. Called for http(s) URLs only. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** `false` downloads into memory for this call and leaves the cache alone. Default true. */
  readonly cache?: boolean;
}

export const WEIGHTS_KINDS: Kinds<WeightsOptions> = {
  onProgress: "a function",
  cache: "a boolean",
  ...ABORTABLE_KINDS,
};

/** The types that a checkpoint may be given as. */
export const SOURCE_KIND = "a string, URL, Blob, File, Uint8Array or ArrayBuffer";
