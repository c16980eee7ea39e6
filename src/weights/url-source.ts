/**
 * A URL as a ByteSource. Where the server honours Range requests only the parts asked for travel; otherwise the whole
 * body is fetched once and kept in memory. Every header is checked against the bytes that arrive.
 *
 * Not here: a cache on disk, resuming, progress, hash checks (download.ts). Browser-safe, no node: imports.
 * https://www.rfc-editor.org/rfc/rfc9110#name-range-requests
 */

import { FcnError } from "../base/errors.js";
import { readBody } from "./body.js";
import { Deadline } from "./deadline.js";
import { checkSecure, contentRange, discard, isWebPage, reasonOf, statusSentence, WEB_PAGE } from "./http.js";
import { badWeights, bufferSource, checkedSource } from "./source.js";
import type { Bytes, ByteSource } from "./source.js";

export interface UrlSourceOptions {
  /** Used in place of the global fetch. */
  readonly fetch?: typeof fetch;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Milliseconds, as in WeightsOptions. */
  readonly stallTimeout?: number;
  /** Most bytes that a server without ranges may send; default 2^31. */
  readonly maxBytes?: number;
}

const MAX_BYTES = 2 ** 31;
/** Small reads (zip directories, the 8-byte counts of old .pth files) share requests of this size. */
const BLOCK_BYTES = 256 * 1024;
/** Blocks kept: the head and the tail of the file, and the place where tensors are being read. */
const BLOCKS_KEPT = 4;

/** Opens a URL. @throws bad-weights for failed requests, web pages in place of files, and bodies that break off */
export async function urlSource(url: string | URL, options: UrlSourceOptions = {}): Promise<ByteSource> {
  const remote = new Remote(String(url), options);
  const first = await remote.readPart(0, BLOCK_BYTES);
  if (isPart(first)) {
    const blocks = new RemoteBlocks(remote, first);
    return checkedSource(remote.url, first.total, {
      read: (offset, length) => blocks.read(offset, length),
      close: () => blocks.drop(),
    });
  }
  const answer = first ?? (await remote.request());
  if (answer.response.status === 416) throw badWeights(remote.url, "the server offers no bytes of it");
  return bufferSource(await remote.readAll(answer), remote.url);
}

interface Part {
  readonly bytes: Bytes;
  /** Bytes of the whole file. */
  readonly total: number;
  /** ETag, and Last-Modified unless the ETag is a strong one: differs when the file has changed. */
  readonly version: string;
}

/** A response whose body is still to be read, under the deadline of its request. */
interface Answer {
  readonly response: Response;
  readonly deadline: Deadline;
}

function versionOf({ headers }: Response): string {
  const etag = headers.get("etag") ?? "";
  return etag.startsWith('"') ? etag : `${etag} ${headers.get("last-modified") ?? ""}`;
}

function isPart(answer: Part | Answer | undefined): answer is Part {
  return answer !== undefined && "bytes" in answer;
}

async function dropAnswer({ response, deadline }: Answer): Promise<void> {
  deadline.end();
  await discard(response);
}

class Remote {
  readonly #options: UrlSourceOptions;

  constructor(
    readonly url: string,
    options: UrlSourceOptions,
  ) {
    this.#options = options;
  }

  /** The whole file, or the range given as `bytes=0-99`. */
  async request(range?: string): Promise<Answer> {
    const { fetch: fetchUrl = fetch, headers, signal, stallTimeout } = this.#options;
    const asked = { ...headers, ...(range === undefined ? {} : { Range: range }) };
    let response: Response;
    let deadline: Deadline | undefined;
    try {
      deadline = new Deadline(stallTimeout, signal);
      response = await deadline.wait(fetchUrl(this.url, { headers: asked, signal: deadline.signal }));
      checkSecure(this.url, response.url);
      deadline.received();
    } catch (cause) {
      deadline?.end();
      if (cause instanceof FcnError) throw cause;
      throw badWeights(this.url, `it could not be fetched (${reasonOf(cause)})`, cause);
    }
    const failed = !response.ok && response.status !== 416;
    if (failed || isWebPage(response)) {
      await dropAnswer({ response, deadline });
      throw badWeights(this.url, failed ? statusSentence(response) : WEB_PAGE);
    }
    return { response, deadline };
  }

  /**
   * One range; the response with the whole file where the server sends that; undefined where the server does not do
   * ranges or hides Content-Range from a page of another origin.
   */
  async readPart(offset: number, length: number): Promise<Part | Answer | undefined> {
    const answer = await this.request(`bytes=${offset}-${offset + length - 1}`);
    const { response, deadline } = answer;
    if (response.status === 200) return answer;
    const range = contentRange(response);
    if (response.status !== 206 || range?.first !== offset) {
      await dropAnswer(answer);
      return undefined;
    }
    const { first, last, total } = range;
    const promised = last - first + 1;
    if (promised < 1 || promised > length || last >= total) {
      await dropAnswer(answer);
      const sent = `the server answered with the range ${first}-${last}/${total}`;
      throw badWeights(this.url, `asked for ${length} bytes at ${offset}, ${sent}`);
    }
    const bytes = await readBody(this.url, response, promised, deadline);
    if (bytes.byteLength !== promised) {
      const sent = `sent ${bytes.byteLength}`;
      throw badWeights(this.url, `the server promised ${promised} bytes at offset ${offset} and ${sent}`);
    }
    return { bytes, total, version: versionOf(response) };
  }

  /** The body of a response with the whole file. */
  async readAll({ response, deadline }: Answer): Promise<Bytes> {
    const bytes = await readBody(this.url, response, this.#options.maxBytes ?? MAX_BYTES, deadline);
    const promised = response.headers.get("content-length");
    // Under a content encoding the length counts the compressed body, which fetch has already unpacked.
    const isPlain = response.headers.get("content-encoding") === null;
    if (isPlain && promised !== null && /^\d+$/.test(promised) && Number(promised) !== bytes.byteLength)
      throw badWeights(this.url, `the server promised ${promised} bytes and sent ${bytes.byteLength}`);
    return bytes;
  }
}

/** A file on a server that honours ranges. */
class RemoteBlocks {
  readonly #size: number;
  readonly #remote: Remote;
  readonly #version: string;
  /** In the order of their last use. */
  readonly #blocks: Map<number, Promise<Bytes>>;

  /** `first` is block 0. */
  constructor(remote: Remote, first: Part) {
    this.#size = first.total;
    this.#remote = remote;
    this.#version = first.version;
    this.#blocks = new Map([[0, Promise.resolve(first.bytes)]]);
  }

  async read(offset: number, length: number): Promise<Bytes> {
    if (length === 0) return new Uint8Array(0);
    if (length >= BLOCK_BYTES) return this.#readRange(offset, length);
    const index = Math.floor(offset / BLOCK_BYTES);
    const start = offset - index * BLOCK_BYTES;
    const end = start + length;
    const head = await this.#block(index);
    const out = new Uint8Array(length);
    out.set(head.subarray(start, end));
    if (end > BLOCK_BYTES) {
      const tail = await this.#block(index + 1);
      out.set(tail.subarray(0, end - BLOCK_BYTES), BLOCK_BYTES - start);
    }
    return out;
  }

  async drop(): Promise<void> {
    this.#blocks.clear();
  }

  #block(index: number): Promise<Bytes> {
    const start = index * BLOCK_BYTES;
    const block = this.#blocks.get(index) ?? this.#readRange(start, Math.min(BLOCK_BYTES, this.#size - start));
    this.#blocks.delete(index); // re-inserted last: the map's order is the order of use
    this.#blocks.set(index, block);
    block.catch(() => this.#blocks.delete(index)); // the next read asks again for a block that failed
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= BLOCKS_KEPT) break;
      this.#blocks.delete(oldest);
    }
    return block;
  }

  async #readRange(offset: number, length: number): Promise<Bytes> {
    const { url: name } = this.#remote;
    const part = await this.#remote.readPart(offset, length);
    if (!isPart(part)) {
      if (part !== undefined) await dropAnswer(part);
      const cure = "try again, or download the file first";
      throw badWeights(name, `the server stopped honouring ranges at offset ${offset}; ${cure}`);
    }
    if (part.total !== this.#size || part.version !== this.#version)
      throw badWeights(
        name,
        `the file changed on the server while it was read (${this.#size} bytes, now ${part.total})`,
      );
    const received = part.bytes.byteLength;
    if (received !== length)
      throw badWeights(name, `the server sent ${received} of the ${length} bytes asked for at offset ${offset}`);
    return part.bytes;
  }
}
