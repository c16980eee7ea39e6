/**
 * One attempt at a download: requests what the partial file still lacks and appends what arrives. Every length that the
 * server states is checked against the bytes that arrive.
 * https://www.rfc-editor.org/rfc/rfc9110#name-if-range
 */

import { messageOf } from "../base/errors.js";
import type { DownloadOptions } from "./download-options.js";
import { contentRange, discard, isWebPage, statusSentence, WEB_PAGE } from "./http.js";
import { reset } from "./partial-file.js";
import type { PartialFile } from "./partial-file.js";
import { badWeights } from "./source.js";

const MAX_BYTES = 2 ** 32;

const PARTIAL_CONTENT = 206;
const RANGE_NOT_SATISFIABLE = 416;
/** Timeouts, rate limits and faults of the server, which another attempt may get past. */
const TEMPORARY_STATUSES = [408, 429, 500, 502, 503, 504];

/** A fault that another attempt may cure. */
export class BrokenOff extends Error {}

/**
 * @throws BrokenOff when another attempt may succeed
 * @throws bad-weights when none can
 */
export async function transfer(url: string, file: PartialFile, options: DownloadOptions): Promise<void> {
  const { maxBytes = MAX_BYTES } = options;
  const { origin } = file;
  const validator = file.size > 0 && origin?.url === url ? origin.validator : undefined;
  const resume = validator === undefined ? {} : { Range: `bytes=${file.size}-`, "If-Range": validator };
  const response = await request(url, options, resume);
  const total = totalOf(response, file.size);
  if (response.status === PARTIAL_CONTENT) {
    // The server must continue exactly where we stopped, with the same file, to its end.
    const changed = origin?.total !== undefined && origin.total !== total;
    if (total === undefined || changed) return startOver(url, file, response);
  } else if (response.status === RANGE_NOT_SATISFIABLE) {
    return startOver(url, file, response);
  } else {
    await file.begin({ url, validator: isEncoded(response) ? undefined : validatorOf(response), total });
  }
  if (total !== undefined && total > maxBytes) {
    await discard(response);
    throw badWeights(url, `the server offers ${total} bytes, more than the ${maxBytes} allowed`);
  }
  options.onProgress?.({ loaded: file.size, total });
  await receive(response, file, { url, total, maxBytes, options });
}

/** The bytes received so far cannot be continued: they belong to another version of the file, or to none. */
async function startOver(url: string, file: PartialFile, response: Response): Promise<never> {
  await discard(response);
  await reset(file, url);
  throw new BrokenOff("the server did not resume where the transfer broke off");
}

interface Expected {
  readonly url: string;
  readonly total: number | undefined;
  readonly maxBytes: number;
  readonly options: DownloadOptions;
}

async function receive(response: Response, file: PartialFile, expected: Expected): Promise<void> {
  const { url, total, maxBytes, options } = expected;
  const reader = response.body?.getReader();
  try {
    for (;;) {
      const chunk = await nextChunk(reader, file.size, total);
      if (chunk === undefined) break;
      options.signal?.throwIfAborted();
      if (file.size + chunk.byteLength > (total ?? maxBytes)) {
        await reset(file, url);
        if (total === undefined) throw badWeights(url, `the server sent more than ${maxBytes} bytes`);
        throw badWeights(url, `the server promised ${total} bytes and sent more`);
      }
      await file.append(chunk);
      options.onProgress?.({ loaded: file.size, total });
    }
  } catch (error) {
    await reader?.cancel().catch(() => undefined);
    throw error;
  }
  if (total !== undefined && file.size !== total)
    throw new BrokenOff(`the server promised ${total} bytes and sent ${file.size}`);
}

/** Undefined at the end of the body. @throws BrokenOff */
async function nextChunk(
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
  received: number,
  total: number | undefined,
): Promise<Uint8Array | undefined> {
  try {
    return (await reader?.read())?.value;
  } catch (cause) {
    const of = total === undefined ? "" : ` of ${total}`;
    throw new BrokenOff(`the transfer broke off after ${received}${of} bytes (${reasonOf(cause)})`, { cause });
  }
}

async function request(url: string, options: DownloadOptions, headers: Record<string, string>): Promise<Response> {
  const response = await fetchIdentity(url, options, headers);
  const { status } = response;
  if (status === 200 || status === PARTIAL_CONTENT || status === RANGE_NOT_SATISFIABLE) {
    if (isWebPage(response)) {
      await discard(response);
      throw badWeights(url, WEB_PAGE);
    }
    const unasked = status === PARTIAL_CONTENT && !("Range" in headers);
    if (!unasked) return response;
  }
  await discard(response);
  const sentence = statusSentence(response);
  if (TEMPORARY_STATUSES.includes(status)) throw new BrokenOff(sentence);
  throw badWeights(url, sentence);
}

/** Fetches without compression: only then do lengths and offsets count the file's own bytes. */
async function fetchIdentity(
  url: string,
  { fetch: fetchUrl = fetch, signal }: DownloadOptions,
  headers: Record<string, string>,
): Promise<Response> {
  const init: RequestInit = { headers: { "Accept-Encoding": "identity", ...headers }, redirect: "follow" };
  if (signal !== undefined) init.signal = signal;
  try {
    return await fetchUrl(url, init);
  } catch (cause) {
    signal?.throwIfAborted();
    throw new BrokenOff(`it could not be fetched (${reasonOf(cause)})`, { cause });
  }
}

/** A server may compress the body although it was asked not to. */
function isEncoded({ headers }: Response): boolean {
  return !["", "identity"].includes(headers.get("content-encoding")?.trim().toLowerCase() ?? "");
}

/**
 * Bytes of the whole file; undefined where headers do not say, and for a 206 that does not run from `from` to the
 * end.
 */
function totalOf(response: Response, from: number): number | undefined {
  if (isEncoded(response)) return undefined;
  if (response.status === PARTIAL_CONTENT) {
    const range = contentRange(response);
    return range?.first === from && range.last === range.total - 1 ? range.total : undefined;
  }
  const length = response.headers.get("content-length") ?? "";
  return /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

/** If-Range takes strong ETags (`W/` marks a weak one) and dates. */
function validatorOf({ headers }: Response): string | undefined {
  const etag = headers.get("etag");
  return etag?.startsWith('"') ? etag : (headers.get("last-modified") ?? undefined);
}

/** Node's fetch says "fetch failed" and keeps the reason in `cause`. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (!(cause instanceof Error)) return messageOf(error);
  const code = "code" in cause ? String(cause.code) : "";
  const reason = cause.message || code;
  return reason === "" ? messageOf(error) : `${messageOf(error)}: ${reason}`;
}
