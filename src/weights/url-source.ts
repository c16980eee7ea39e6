/**
 * A URL as a ByteSource. Where the server honours Range requests only the parts asked for travel; otherwise the whole
 * body is fetched once and kept in memory. Nothing a header says is believed beyond the bytes that arrive.
 *
 * Not here: a cache on disk, resuming, progress, hash checks. Browser-safe, no node: imports.
 * https://www.rfc-editor.org/rfc/rfc9110#name-range-requests
 */

import { messageOf } from "../base/errors.js";
import { badWeights, bufferSource, checkOpen, checkRange } from "./source.js";
import type { Bytes, ByteSource } from "./source.js";

export interface UrlSourceOptions {
  /** Used in place of the global fetch. */
  readonly fetch?: typeof fetch;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** A server without ranges may send no more than this many bytes; default 2^31. */
  readonly maxBytes?: number;
}

/** Small reads (zip directories, the 8-byte counts of old .pth files) share requests of this size. */
const BLOCK = 256 * 1024;
/** Blocks kept: the head and the tail of the file and the place where tensors are being read. */
const BLOCKS_KEPT = 4;

interface Part {
  readonly bytes: Bytes;
  readonly total: number;
  readonly etag: string | null;
}

/** `bytes 0-99/1234` to [0, 99, 1234]; undefined for anything else, an unknown total (`*`) included. */
function parseContentRange(header: string | null): [number, number, number] | undefined {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(header?.trim() ?? "");
  return match === null ? undefined : [Number(match[1]), Number(match[2]), Number(match[3])];
}

class Remote {
  constructor(
    readonly url: string,
    private readonly options: UrlSourceOptions,
  ) {}

  async request(range?: string): Promise<Response> {
    const init: RequestInit = {
      headers: { ...this.options.headers, ...(range === undefined ? {} : { Range: range }) },
    };
    if (this.options.signal !== undefined) init.signal = this.options.signal;
    let response: Response;
    try {
      response = await (this.options.fetch ?? fetch)(this.url, init);
    } catch (cause) {
      throw badWeights(this.url, `it could not be fetched (${messageOf(cause)})`, cause);
    }
    const type = response.headers.get("content-type") ?? "";
    const fault =
      !response.ok && response.status !== 416
        ? `the server answered ${response.status} ${response.statusText}`.trim()
        : /^text\/html\b/i.test(type)
          ? "the server answered with a web page (text/html), not with a checkpoint"
          : undefined;
    if (fault !== undefined) {
      await response.body?.cancel().catch(() => undefined);
      throw badWeights(this.url, fault);
    }
    return response;
  }

  /** The body, chunk by chunk, so that a server that sends too much is cut off and none is believed about its length. */
  async body(response: Response, most: number): Promise<Bytes> {
    const chunks: Uint8Array[] = [];
    let got = 0;
    const reader = response.body?.getReader();
    try {
      for (;;) {
        const next = await reader?.read();
        if (next === undefined || next.done) break;
        got += next.value.byteLength;
        if (got > most) throw badWeights(this.url, `the server sent more than ${most} bytes`);
        chunks.push(next.value);
      }
    } catch (error) {
      await reader?.cancel().catch(() => undefined);
      if (got > most) throw error;
      throw badWeights(this.url, `the transfer broke off after ${got} bytes (${messageOf(error)})`, error);
    }
    const out = new Uint8Array(got);
    let at = 0;
    // Drop each chunk once it is copied; otherwise a large body is in memory twice.
    for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) {
      out.set(chunk, at);
      at += chunk.byteLength;
    }
    return out;
  }

  /** One range, or undefined when the server does not do ranges (or hides Content-Range from a page of another origin). */
  async part(offset: number, length: number): Promise<Part | { whole: Response } | undefined> {
    const response = await this.request(`bytes=${offset}-${offset + length - 1}`);
    if (response.status === 200) return { whole: response };
    const range = parseContentRange(response.headers.get("content-range"));
    if (response.status !== 206 || range === undefined || range[0] !== offset) {
      await response.body?.cancel().catch(() => undefined);
      return undefined;
    }
    const [first, last, total] = range;
    const promised = last - first + 1;
    if (promised < 1 || promised > length || last >= total) {
      await response.body?.cancel().catch(() => undefined);
      throw badWeights(
        this.url,
        `asked for ${length} bytes at ${offset}, the server answered with the range ${first}-${last}/${total}`,
      );
    }
    const bytes = await this.body(response, promised);
    if (bytes.byteLength !== promised) {
      throw badWeights(
        this.url,
        `the server promised ${promised} bytes at offset ${offset} and sent ${bytes.byteLength}`,
      );
    }
    return { bytes, total, etag: response.headers.get("etag") };
  }

  async whole(response: Response): Promise<Bytes> {
    const bytes = await this.body(response, this.options.maxBytes ?? 2 ** 31);
    const promised = response.headers.get("content-length");
    // Under a content encoding the length is that of the compressed body, which fetch has already unpacked.
    const plain = response.headers.get("content-encoding") === null;
    if (plain && promised !== null && /^\d+$/.test(promised) && Number(promised) !== bytes.byteLength) {
      throw badWeights(this.url, `the server promised ${promised} bytes and sent ${bytes.byteLength}`);
    }
    return bytes;
  }
}

/** Opens a URL. Throws `bad-weights` for failed requests, web pages in place of files, and bodies that break off. */
export async function urlSource(url: string | URL, options: UrlSourceOptions = {}): Promise<ByteSource> {
  const name = String(url);
  const remote = new Remote(name, options);
  const first = await remote.part(0, BLOCK);
  if (first === undefined || "whole" in first) {
    const response = first?.whole ?? (await remote.request());
    if (response.status === 416) throw badWeights(name, "the server offers no bytes of it");
    return bufferSource(await remote.whole(response), name);
  }
  const { total: size, etag } = first;
  const blocks = new Map<number, Promise<Bytes>>([[0, Promise.resolve(first.bytes)]]);
  let closed = false;

  async function range(offset: number, length: number): Promise<Bytes> {
    const part = await remote.part(offset, length);
    if (part === undefined || "whole" in part) {
      await part?.whole.body?.cancel().catch(() => undefined);
      throw badWeights(
        name,
        `the server stopped honouring ranges at offset ${offset}; try again, or download the file first`,
      );
    }
    if (part.total !== size || part.etag !== etag) {
      throw badWeights(name, `the file changed on the server while it was read (${size} bytes, now ${part.total})`);
    }
    if (part.bytes.byteLength !== length) {
      throw badWeights(
        name,
        `the server sent ${part.bytes.byteLength} of the ${length} bytes asked for at offset ${offset}`,
      );
    }
    return part.bytes;
  }

  function block(index: number): Promise<Bytes> {
    const known = blocks.get(index) ?? range(index * BLOCK, Math.min(BLOCK, size - index * BLOCK));
    blocks.delete(index); // re-inserted last: the map's order is the order of use
    blocks.set(index, known);
    known.catch(() => blocks.delete(index)); // a failed request is not remembered
    for (const oldest of blocks.keys()) {
      if (blocks.size <= BLOCKS_KEPT) break;
      blocks.delete(oldest);
    }
    return known;
  }

  return {
    name,
    size,
    async read(offset, length) {
      checkOpen(name, closed);
      checkRange(name, size, offset, length);
      if (length === 0) return new Uint8Array(0);
      if (length >= BLOCK) return range(offset, length);
      const index = Math.floor(offset / BLOCK);
      const start = offset - index * BLOCK;
      const head = await block(index);
      const out = new Uint8Array(length);
      out.set(head.subarray(start, start + length));
      if (start + length > BLOCK) out.set((await block(index + 1)).subarray(0, start + length - BLOCK), BLOCK - start);
      return out;
    },
    async close() {
      closed = true;
      blocks.clear();
    },
  };
}
