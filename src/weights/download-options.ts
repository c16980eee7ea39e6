/** What callers may say about weights that come from a URL. */

import { ABORTABLE_KINDS } from "../base/abort.js";
import type { Abortable } from "../base/abort.js";
import { badOption } from "../base/errors.js";
import { checkOptions } from "../base/options.js";
import type { Kinds } from "../base/options.js";

/** How far a download is. */
export interface DownloadProgress {
  /** Bytes that are there. */
  readonly loaded: number;
  /** Bytes of the whole. Undefined where the server does not say. */
  readonly total: number | undefined;
}

export interface DownloadOptions {
  /**
   * Called at the start, for each chunk, and once at the end with loaded === total; also for a file from the cache. An
   * error that it throws, or that its promise rejects with, ends the download.
   */
  readonly onProgress?: (progress: DownloadProgress) => unknown;
  readonly signal?: AbortSignal | undefined;
  /** SHA-256 of the file in lower-case hex. Default: what the file's name promises, if anything. */
  readonly sha256?: string;
  /** See WeightsOptions. */
  readonly stallTimeout?: number | undefined;
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
  /**
   * Progress of the download, as one total. Called for http(s) URLs only. An error that it throws, or that its promise
   * rejects with, ends the call.
   */
  readonly onProgress?: (progress: DownloadProgress) => unknown;
  /** `false` downloads into memory for this call and leaves the cache alone. Default true. */
  readonly cache?: boolean;
  /**
   * Milliseconds that a download may wait for the server's answer, or for as many bytes as it has milliseconds: a
   * transfer that falls silent or below 1,000 bytes a second is tried again, resumed, and then fails with
   * `bad-weights`. 1 to 300,000, default 60,000.
   */
  readonly stallTimeout?: number | undefined;
}

export const WEIGHTS_KINDS: Kinds<WeightsOptions> = {
  onProgress: "a function",
  cache: "a boolean",
  stallTimeout: "a number",
  ...ABORTABLE_KINDS,
};

/** Node's own fetch ends a silent transfer after as many milliseconds. */
const LONGEST_STALL = 300_000;

/** @throws bad-option */
export function checkWeightsOptions(options: WeightsOptions): void {
  checkOptions("openSource(weights, { onProgress: ... })", options, WEIGHTS_KINDS);
  const { stallTimeout = 1 } = options;
  if (!(stallTimeout >= 1 && stallTimeout <= LONGEST_STALL))
    throw badOption(`stallTimeout must be 1 to ${LONGEST_STALL} milliseconds, got ${stallTimeout}`);
}

/** The types that a checkpoint may be given as. */
export const SOURCE_KIND = "a string, URL, Blob, File, Uint8Array or ArrayBuffer";
