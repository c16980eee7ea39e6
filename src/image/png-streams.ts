/**
 * Deflate, its reverse and CRC-32 for PNG files, in browsers and workers as in Node: the platform's streams.
 * https://compression.spec.whatwg.org
 */

/** The parts in one array. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A zlib stream of the bytes, as PNG has it. */
export async function zlibDeflated(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** What a zlib stream held, and why it could not be read to its end. */
export interface Inflated {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly error?: unknown;
}

/** Unpacks a zlib stream, and stops soon after `limit` bytes: a small file may hold gigabytes. */
export async function inflatedUpTo(data: readonly Uint8Array[], limit: number): Promise<Inflated> {
  const stream = new Blob([joined(data)]).stream().pipeThrough(new DecompressionStream("deflate"));
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

/** CRC-32 of ISO 3309, bit by bit: fast enough, because label maps compress to a few kilobytes. */
export function crc32OfBytes(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc >>> 0;
}
