/** A download that is under way: the interface of its storage, in memory, on disk or in a browser's cache. */

import type { ByteSource } from "./source.js";

/** The version of the remote file that the partial bytes belong to. */
export interface Origin {
  readonly url: string;
  /** A strong ETag or a Last-Modified date, for If-Range; without one a transfer cannot be resumed. */
  readonly validator: string | undefined;
  /** Last-Modified, which a response that resumes must not contradict. */
  readonly modified?: string | undefined;
  readonly total: number | undefined;
}

/** The bytes received so far. One download at a time writes them. */
export interface PartialFile {
  readonly size: number;
  readonly origin: Origin | undefined;
  /** Empties it and notes where the bytes that follow come from. */
  begin(origin: Origin): Promise<void>;
  append(chunk: Uint8Array): Promise<void>;
  /** Lower-case hex, over all bytes appended. */
  sha256(): Promise<string>;
  /** Reads the bytes appended; errors call the source `name`. */
  source(name: string): Promise<ByteSource>;
}

export function isComplete(file: PartialFile, url: string): boolean {
  return file.size > 0 && file.origin?.url === url && file.origin.total === file.size;
}

/** Throws away all bytes, so that the next attempt cannot resume from them. */
export async function reset(file: PartialFile, url: string): Promise<void> {
  await file.begin({ url, validator: undefined, total: undefined });
}
