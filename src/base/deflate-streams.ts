/**
 * Deflate and its reverse, in browsers and workers as in Node: the platform's CompressionStream and
 * DecompressionStream. https://compression.spec.whatwg.org
 */
import { joined } from "./joined.js";

/** "deflate" is a zlib stream, as PNG has it; "deflate-raw" lacks the checksum. */
export type DeflateFormat = "deflate" | "deflate-raw";

export async function deflated(
  bytes: Uint8Array<ArrayBuffer>,
  format: DeflateFormat,
): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream(format));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** What a stream held, and why it could not be read to its end. */
export interface Inflated {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly error?: unknown;
}

/** Unpacks a stream, and stops soon after `limit` bytes: a small file may hold gigabytes. */
export async function inflatedUpTo(
  data: readonly Uint8Array[],
  limit: number,
  format: DeflateFormat,
): Promise<Inflated> {
  const stream = new Blob([joined(data)]).stream().pipeThrough(new DecompressionStream(format));
  const reader = stream.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    while (length <= limit) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      length += value.length;
    }
  } catch (error) {
    return { bytes: joined(parts), error };
  }
  if (length > limit) await reader.cancel();
  return { bytes: joined(parts) };
}
