/**
 * Where checkpoint bytes come from: one small interface over memory, a Blob, a URL (url-source.ts) and, in Node, a
 * path (file-source.ts). Readers ask for the ranges they need, so a 200 MB file is never in memory as a whole.
 *
 * Not here: what the bytes mean (safetensors.ts, pth/). Browser-safe, no node: imports.
 * Blob ranges: https://w3c.github.io/FileAPI/#slice-blob
 */

import { FcnError, messageOf } from "../base/errors.js";

/** Bytes that own their memory, so that a reader may keep or reinterpret them without another copy. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Bytes that are read in ranges: of a file, a download or memory. What is given to the library may be your own. */
export interface ByteSource {
  /** The name in error messages: a file name, a URL, or "weights in memory". */
  readonly name: string;
  /** Total bytes. */
  readonly size: number;
  /**
   * Exactly `length` bytes from `offset`: fresh memory that starts at byteOffset 0 (so typed-array views are aligned).
   * @throws bad-weights for a range outside the source and for one that comes back short
   */
  read(offset: number, length: number): Promise<Bytes>;
  /** Idempotent. A read after it throws `disposed`. */
  close(): Promise<void>;
}

/** The one error that readers of weights throw: `NAME: SENTENCE`. */
export function badWeights(name: string, sentence: string, cause?: unknown): FcnError {
  return new FcnError("bad-weights", `${name}: ${sentence}`, cause === undefined ? undefined : { cause });
}

/** Makes untrusted text fit for one line of an error: escapes control characters, cuts long names. */
export function quote(text: string, limit = 80): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}...` : text;
  return JSON.stringify(cut);
}

/** The first four of `texts`, quoted, to show in an error what a file holds. */
export function quoteFirst(texts: Iterable<string>, limit?: number): string {
  return [...texts]
    .slice(0, 4)
    .map((text) => quote(text, limit))
    .join(", ");
}

/** @throws bad-weights unless [offset, offset + length) lies inside the source */
function checkRange(name: string, size: number, offset: number, length: number): void {
  const integers = Number.isSafeInteger(offset) && Number.isSafeInteger(length);
  if (!integers || offset < 0 || length < 0 || offset + length > size) {
    throw badWeights(
      name,
      `${length} bytes at offset ${offset} are asked for, but it has ${size} bytes; it may be cut off`,
    );
  }
}

/** What tells one source from another. */
interface Reading {
  /** Called with ranges inside the source, until it is closed. */
  readonly read: (offset: number, length: number) => Promise<Bytes>;
  /** Called once. */
  readonly close?: () => Promise<void>;
}

/** A source that checks every range before anything is allocated for it. */
export function checkedSource(name: string, size: number, { read, close }: Reading): ByteSource {
  let closing: Promise<void> | undefined;
  return {
    name,
    size,
    async read(offset, length) {
      if (closing) throw new FcnError("disposed", `${name}: read after close()`);
      checkRange(name, size, offset, length);
      return read(offset, length);
    },
    async close() {
      closing ??= Promise.resolve(close?.());
      await closing;
    },
  };
}

/** Bytes already in memory. They are not copied until read, so do not change them meanwhile. */
export function bufferSource(data: ArrayBuffer | Uint8Array, name = "weights in memory"): ByteSource {
  const bytes = ArrayBuffer.isView(data) ? data : new Uint8Array(data);
  const size = bytes.byteLength;
  return checkedSource(name, size, {
    async read(offset, length) {
      if (bytes.byteLength !== size)
        throw badWeights(name, `its buffer of ${size} bytes was transferred or resized; give a copy`);
      // `new Uint8Array(length)` and not slice(): a Node Buffer's slice() is a view, and views may be unaligned.
      const out = new Uint8Array(length);
      out.set(bytes.subarray(offset, offset + length));
      return out;
    },
  });
}

function fileNameOfBlob(blob: Blob): string {
  return "name" in blob && typeof blob.name === "string" && blob.name !== "" ? blob.name : "blob";
}

/** A Blob or File (a file input, drag and drop): only the ranges asked for are read from disk. */
export function blobSource(blob: Blob, name = fileNameOfBlob(blob)): ByteSource {
  return checkedSource(name, blob.size, {
    async read(offset, length) {
      let buffer: ArrayBuffer;
      try {
        buffer = await blob.slice(offset, offset + length).arrayBuffer();
      } catch (cause) {
        // Browsers throw NotReadableError when the file behind a File was changed or moved after it was chosen.
        throw badWeights(name, `${length} bytes at offset ${offset} could not be read; choose the file again`, cause);
      }
      if (buffer.byteLength !== length) {
        throw badWeights(name, `${length} bytes at offset ${offset} were asked for and ${buffer.byteLength} came`);
      }
      return new Uint8Array(buffer);
    },
  });
}

/** True for text that names something to fetch rather than a path. */
export function isUrl(text: string): boolean {
  return /^(?:https?|blob|data):/i.test(text);
}

/**
 * Weights that need no download: bytes, a Blob, or a `blob:` or `data:` URL.
 * @throws bad-weights
 */
export async function localSource(input: ArrayBuffer | Uint8Array | Blob | URL | string): Promise<ByteSource> {
  // Not by instanceof: another frame or vm context has classes of its own.
  if (typeof input === "object") {
    if ("byteLength" in input) return bufferSource(input);
    if ("size" in input) return blobSource(input);
  }
  const url = String(input);
  if (!isUrl(url)) throw badWeights(quote(url), "this is not a URL, and paths work in Node only");
  try {
    return blobSource(await (await fetch(url)).blob(), quote(url));
  } catch (cause) {
    throw badWeights(quote(url), `it could not be fetched (${messageOf(cause)})`, cause);
  }
}
