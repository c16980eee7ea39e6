/**
 * Downloads one URL into a partial file, whole or not at all: resumes what an earlier attempt left, tries again when the
 * transfer breaks off, believes no length a server claims, and checks the hash that torchvision writes into file names.
 *
 * Not here: where the bytes are kept (disk-cache.ts, browser-cache.ts). Browser-safe, no node: imports.
 * https://www.rfc-editor.org/rfc/rfc9110#name-if-range
 */

import { ABORTABLE_KINDS } from "../base/abort.js";
import type { Abortable } from "../base/abort.js";
import { FcnError, messageOf } from "../base/errors.js";
import type { Kinds } from "../base/options.js";
import { openCheckpoint } from "./open.js";
import { badWeights, quote } from "./source.js";
import type { ByteSource } from "./source.js";

export interface DownloadProgress {
  readonly loaded: number;
  /** Undefined where the server does not say. */
  readonly total: number | undefined;
}

export interface DownloadOptions {
  /** Called when the download starts, for each chunk, and once at the end with loaded === total; also when it was cached. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  readonly signal?: AbortSignal | undefined;
  /** Used in place of the global fetch. */
  readonly fetch?: typeof fetch;
  /** A server may send no more than this many bytes; default 2^32. */
  readonly maxBytes?: number;
  /** Attempts after one that broke off without bringing anything new; default 3. */
  readonly retries?: number;
  /** Milliseconds before the first of them; doubled for each; default 500. */
  readonly retryDelay?: number;
}

/** What callers of loadFcn and openSource may say about weights that come from a URL. */
export interface WeightsOptions extends Abortable {
  /** Progress of the download as one total; not called for weights that are no http(s) URL. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** `false`: download into memory for this time, and leave the cache alone. Default true. */
  readonly cache?: boolean;
}

export const WEIGHTS_KINDS: Kinds<WeightsOptions> = {
  onProgress: "a function",
  cache: "a boolean",
  ...ABORTABLE_KINDS,
};

/** What a checkpoint may be given as. */
export const SOURCE_KIND = "a string, URL, Blob, File, Uint8Array or ArrayBuffer";

/** True for what a cache is for: `blob:` and `data:` URLs are here already. */
export function isRemote(weights: unknown): weights is string | URL {
  return (typeof weights === "string" || weights instanceof URL) && /^https?:/i.test(String(weights));
}

/** Which version of the file the partial bytes are of. */
export interface Origin {
  readonly url: string;
  /** A strong ETag or a Last-Modified date, for If-Range; without one a transfer cannot be resumed. */
  readonly validator: string | undefined;
  readonly total: number | undefined;
}

/** Bytes on their way. Written by one download at a time. */
export interface PartialFile {
  readonly size: number;
  readonly origin: Origin | undefined;
  /** Empties it and notes where the bytes that follow come from. */
  begin(origin: Origin): Promise<void>;
  append(chunk: Uint8Array): Promise<void>;
  /** Of all that was appended, as lower-case hex. */
  sha256(): Promise<string>;
  /** Reads what was appended, under this name in errors. */
  source(name: string): Promise<ByteSource>;
}

/** A fault that another attempt may mend. */
class BrokenOff extends Error {}

/**
 * The hash a file name promises: `fcn_resnet101_coco-7ecb50ca.pth` has `7ecb50ca`, the first digits of its SHA-256.
 * https://docs.pytorch.org/docs/stable/hub.html#torch.hub.load_state_dict_from_url. A date (`-20240131.pth`) is none.
 */
export function promisedHash(url: string): string | undefined {
  const hash = /-([0-9a-f]{8,64})\.[a-z0-9]+$/i.exec(fileNameOf(url))?.[1]?.toLowerCase();
  return hash === undefined || /^(?:19|20)\d\d(?:0\d|1[0-2])[0-3]\d$/.test(hash) ? undefined : hash;
}

/** In full and without its fragment, which never reaches the server. @throws bad-weights */
export function plainUrl(url: string | URL): string {
  if (!URL.canParse(url)) throw badWeights(quote(String(url)), "this is not a URL");
  const { hash, href } = new URL(url);
  return href.slice(0, href.length - hash.length);
}

/** `weights.pth` of `https://example.org/a/weights.pth?download=true`. */
export function fileNameOf(url: string): string {
  const last = new URL(url).pathname.split("/").filter(Boolean).at(-1) ?? "";
  try {
    return decodeURIComponent(last);
  } catch {
    return last; // a stray percent sign
  }
}

/**
 * Brings all of `url` into `file` and checks it: length, promised hash, and that it opens as a checkpoint.
 * @throws bad-weights; what arrived stays in `file` for the next attempt, unless it is known to be wrong
 */
export async function download(url: string, file: PartialFile, options: DownloadOptions = {}): Promise<void> {
  const { retries = 3, retryDelay = 500, signal } = options;
  let most = file.size;
  for (let failures = 0; !isWhole(file, url);) {
    try {
      await transfer(url, file, options);
      break;
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof BrokenOff)) throw error;
      // Only bytes that no attempt had before count as progress, or a server that always breaks off would never end.
      failures = file.size > most ? 1 : failures + 1;
      most = Math.max(most, file.size);
      if (failures > retries) throw badWeights(url, `${error.message}; run it again to go on from there`, error.cause);
      await pause(retryDelay * 2 ** (failures - 1), signal);
    }
  }
  await check(url, file);
  options.onProgress?.({ loaded: file.size, total: file.size });
}

function isWhole(file: PartialFile, url: string): boolean {
  return file.size > 0 && file.origin?.url === url && file.origin.total === file.size;
}

async function check(url: string, file: PartialFile): Promise<void> {
  const wrong = async (error: FcnError): Promise<never> => {
    await file.begin({ url, validator: undefined, total: undefined }); // wrong bytes must not be resumed
    throw error;
  };
  const promised = promisedHash(url);
  if (promised !== undefined) {
    const got = await file.sha256();
    if (!got.startsWith(promised)) {
      await wrong(
        badWeights(
          url,
          `its name promises a sha256 that starts with ${promised}, but that of the ${file.size} bytes received is ${got}; the server sent another file, or it was damaged on the way`,
        ),
      );
    }
  }
  try {
    // A body cut short by a wrong content-length, and a page sent in place of a file, show here at the latest.
    await (await openCheckpoint(await file.source(url))).close();
  } catch (error) {
    if (error instanceof FcnError) await wrong(error);
    throw error;
  }
}

async function transfer(url: string, file: PartialFile, options: DownloadOptions): Promise<void> {
  const { maxBytes = 2 ** 32 } = options;
  const { origin } = file;
  const validator = file.size > 0 && origin?.url === url ? origin.validator : undefined;
  const response = await request(
    url,
    options,
    validator === undefined ? {} : { Range: `bytes=${file.size}-`, "If-Range": validator },
  );
  const { total, encoded } = lengthOf(response, file.size);
  if (response.status === 206) {
    // The server must go on exactly where we stopped, with the same file, to its end.
    const known = origin?.total;
    if (total === undefined || (known !== undefined && known !== total)) return startOver(url, file, response);
  } else if (response.status === 416) {
    return startOver(url, file, response);
  } else {
    const mark = encoded ? undefined : validatorOf(response);
    await file.begin({ url, validator: mark, total });
  }
  if (total !== undefined && total > maxBytes) {
    await drop(response);
    throw badWeights(url, `the server offers ${total} bytes, more than the ${maxBytes} allowed`);
  }
  options.onProgress?.({ loaded: file.size, total });
  await receive(url, file, response, total, options, maxBytes);
}

/** What is there belongs to another version of the file, or to none. */
async function startOver(url: string, file: PartialFile, response: Response): Promise<never> {
  await drop(response);
  await file.begin({ url, validator: undefined, total: undefined });
  throw new BrokenOff("the server does not go on where the transfer broke off");
}

async function receive(
  url: string,
  file: PartialFile,
  response: Response,
  total: number | undefined,
  options: DownloadOptions,
  maxBytes: number,
): Promise<void> {
  const reader = response.body?.getReader();
  const limit = total ?? maxBytes;
  const of = total === undefined ? "" : ` of ${total}`;
  try {
    for (;;) {
      let next;
      try {
        next = await reader?.read();
      } catch (cause) {
        throw new BrokenOff(`the transfer broke off after ${file.size}${of} bytes (${reasonOf(cause)})`, { cause });
      }
      if (next === undefined || next.done) break;
      options.signal?.throwIfAborted();
      if (file.size + next.value.byteLength > limit) {
        await file.begin({ url, validator: undefined, total: undefined });
        throw badWeights(
          url,
          total === undefined
            ? `the server sent more than ${maxBytes} bytes`
            : `the server promised ${total} bytes and sent more`,
        );
      }
      await file.append(next.value);
      options.onProgress?.({ loaded: file.size, total });
    }
  } catch (error) {
    await reader?.cancel().catch(() => undefined);
    throw error;
  }
  if (total !== undefined && file.size !== total)
    throw new BrokenOff(`the server promised ${total} bytes and sent ${file.size}`);
}

async function request(url: string, options: DownloadOptions, headers: Record<string, string>): Promise<Response> {
  let response: Response;
  try {
    // identity: a length and an offset mean those of the file only where nothing is packed on the way.
    const init: RequestInit = { headers: { "Accept-Encoding": "identity", ...headers }, redirect: "follow" };
    response = await (options.fetch ?? fetch)(
      url,
      options.signal === undefined ? init : { ...init, signal: options.signal },
    );
  } catch (cause) {
    options.signal?.throwIfAborted();
    throw new BrokenOff(`it could not be fetched (${reasonOf(cause)})`, { cause });
  }
  const { status, statusText } = response;
  if (status === 200 || status === 206 || status === 416) {
    if (/^text\/html\b/i.test(response.headers.get("content-type") ?? "")) {
      await drop(response);
      throw badWeights(url, "the server answered with a web page (text/html), not with a checkpoint");
    }
    if (status !== 206 || "Range" in headers) return response;
  }
  await drop(response);
  const sentence = `the server answered ${status} ${statusText}`.trim();
  if ([408, 429, 500, 502, 503, 504].includes(status)) throw new BrokenOff(sentence);
  throw badWeights(url, sentence);
}

/** Bytes of the whole file as far as the headers tell, undefined where they do not or where a 206 does not start at `from`. */
function lengthOf(response: Response, from: number): { total: number | undefined; encoded: boolean } {
  const { headers, status } = response;
  const encoded = !["", "identity"].includes(headers.get("content-encoding")?.trim().toLowerCase() ?? "");
  if (status === 206) {
    const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(headers.get("content-range")?.trim() ?? "");
    const [first, last, total] = [Number(match?.[1]), Number(match?.[2]), Number(match?.[3])];
    return { total: !encoded && first === from && last === total - 1 ? total : undefined, encoded };
  }
  const length = headers.get("content-length") ?? "";
  return { total: !encoded && /^\d{1,15}$/.test(length) ? Number(length) : undefined, encoded };
}

/** If-Range takes strong ETags (`W/` marks a weak one) and dates. */
function validatorOf({ headers }: Response): string | undefined {
  const etag = headers.get("etag");
  return etag !== null && /^"/.test(etag) ? etag : (headers.get("last-modified") ?? undefined);
}

const drop = async (response: Response): Promise<void> => void (await response.body?.cancel().catch(() => undefined));

/** Node's fetch says "fetch failed" and keeps the reason in `cause`. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const inner = cause instanceof Error ? cause.message || ("code" in cause ? String(cause.code) : "") : "";
  return inner === "" ? messageOf(error) : `${messageOf(error)}: ${inner}`;
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  signal?.throwIfAborted();
}

/** Runs the tasks of one key one after the other, so that the second finds what the first has brought. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  async take<T>(key: string, task: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const mine = before.then(task, task); // the failure of the one before is not ours
    this.#last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(key) === mine) this.#last.delete(key);
    }
  }
}
