/**
 * One attempt at a download: requests what the partial file still lacks and appends what arrives. Every length that the
 * server states is checked against the bytes that arrive.
 * https://www.rfc-editor.org/rfc/rfc9110#name-if-range
 */

import { FcnError } from "../base/errors.js";
import { Deadline } from "./deadline.js";
import type { DownloadOptions } from "./download-options.js";
import {
  checkSecure,
  contentRange,
  discard,
  isSameVersion,
  isWebPage,
  reasonOf,
  statusSentence,
  validatorOf,
  WEB_PAGE,
} from "./http.js";
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
  const deadline = new Deadline(options.stallTimeout, options.signal);
  try {
    await transferBefore(deadline, url, file, options);
  } finally {
    deadline.end();
  }
}

async function transferBefore(
  deadline: Deadline,
  url: string,
  file: PartialFile,
  options: DownloadOptions,
): Promise<void> {
  const { maxBytes = MAX_BYTES } = options;
  const { origin } = file;
  const validator = file.size > 0 && origin?.url === url ? origin.validator : undefined;
  const resume = validator === undefined ? {} : { Range: `bytes=${file.size}-`, "If-Range": validator };
  const response = await request(url, { options, deadline, headers: resume });
  const total = totalOf(response, file.size);
  if (response.status === PARTIAL_CONTENT) {
    // The server must continue exactly where we stopped, with the same version of the file, to its end.
    const changed = origin?.total !== undefined && origin.total !== total;
    const isSame = validator !== undefined && isSameVersion(response, validator, origin?.modified);
    if (total === undefined || changed || !isSame) return startOver(url, file, response);
  } else if (response.status === RANGE_NOT_SATISFIABLE) {
    return startOver(url, file, response);
  } else {
    const modified = response.headers.get("last-modified") ?? undefined;
    await file.begin({ url, validator: isEncoded(response) ? undefined : validatorOf(response), modified, total });
  }
  if (total !== undefined && total > maxBytes) {
    await discard(response);
    throw badWeights(url, `the server offers ${total} bytes, more than the ${maxBytes} allowed`);
  }
  options.onProgress?.({ loaded: file.size, total });
  await receive(response, file, { url, total, maxBytes, options, deadline });
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
  readonly deadline: Deadline;
}

async function receive(response: Response, file: PartialFile, expected: Expected): Promise<void> {
  const { url, total, maxBytes, options, deadline } = expected;
  const reader = response.body?.getReader();
  try {
    for (;;) {
      const chunk = await nextChunk(reader, file.size, expected);
      if (chunk === undefined) break;
      options.signal?.throwIfAborted();
      deadline.received(chunk.byteLength);
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
  { total, deadline }: Expected,
): Promise<Uint8Array | undefined> {
  try {
    return reader && (await deadline.wait(reader.read())).value;
  } catch (cause) {
    const of = total === undefined ? "" : ` of ${total}`;
    throw new BrokenOff(`the transfer broke off after ${received}${of} bytes (${reasonOf(cause)})`, { cause });
  }
}

interface Asked {
  readonly options: DownloadOptions;
  readonly deadline: Deadline;
  readonly headers: Readonly<Record<string, string>>;
}

async function request(url: string, asked: Asked): Promise<Response> {
  const response = await fetchIdentity(url, asked);
  const { status } = response;
  if (status === 200 || status === PARTIAL_CONTENT || status === RANGE_NOT_SATISFIABLE) {
    if (isWebPage(response)) {
      await discard(response);
      throw badWeights(url, WEB_PAGE);
    }
    const unasked = status === PARTIAL_CONTENT && !("Range" in asked.headers);
    if (!unasked) return response;
  }
  await discard(response);
  const sentence = statusSentence(response);
  if (TEMPORARY_STATUSES.includes(status)) throw new BrokenOff(sentence);
  throw badWeights(url, sentence);
}

/** Fetches without compression: only then do lengths and offsets count the file's own bytes. */
async function fetchIdentity(url: string, { options, deadline, headers }: Asked): Promise<Response> {
  const { fetch: fetchUrl = fetch, signal } = options;
  const identity = { "Accept-Encoding": "identity", ...headers };
  try {
    const response = await deadline.wait(fetchUrl(url, { headers: identity, signal: deadline.signal }));
    checkSecure(url, response.url);
    deadline.received();
    return response;
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof FcnError) throw cause;
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
