/**
 * Raw DEFLATE through the platform's DecompressionStream, with an output that never exceeds what was declared.
 * https://wicg.github.io/compression/#compression-stream, https://www.rfc-editor.org/rfc/rfc1951
 */

import { isFcnError, messageOf } from "../../base/errors.js";
import { badWeights } from "../source.js";
import type { Bytes } from "../source.js";

/** DEFLATE cannot do better than 1032 to 1, so a larger promise is a lie that need not be tried. */
const MAX_RATIO = 1032;
/** Input per write: bounds what an implementation without back-pressure can put out at once. */
const PIECE = 16 * 1024;

/** Unpacks to exactly `size` bytes; throws `bad-weights` when the data are damaged or come to another size. */
export async function inflateRaw(packed: Bytes, size: number, file: string, member: string): Promise<Bytes> {
  if (size > packed.byteLength * MAX_RATIO) {
    throw badWeights(
      file,
      `${member} claims to unpack from ${packed.byteLength} to ${size} bytes, which DEFLATE cannot do`,
    );
  }
  const stream = new DecompressionStream("deflate-raw");
  const writer = stream.writable.getWriter();
  const feed = async (): Promise<void> => {
    for (let at = 0; at < packed.byteLength; at += PIECE) {
      await writer.ready;
      await writer.write(packed.subarray(at, at + PIECE));
    }
    await writer.close();
  };
  let stopped = false;
  // Errors reach the reader as well, and writes to a cancelled stream fail as they should.
  const feeding = feed().catch((error: unknown) => (stopped ? undefined : error));
  writer.closed.catch(() => undefined);
  const out = new Uint8Array(size);
  const reader = stream.readable.getReader();
  let got = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (value.byteLength > size - got) {
        throw badWeights(file, `${member} unpacks to more than the ${size} bytes that were declared`);
      }
      out.set(value, got);
      got += value.byteLength;
    }
    const error = await feeding;
    if (error !== undefined) throw badWeights(file, `${member} cannot be unpacked (${messageOf(error)})`, error);
  } catch (error) {
    stopped = true;
    await reader.cancel().catch(() => undefined);
    await writer.abort().catch(() => undefined);
    if (isFcnError(error)) throw error;
    throw badWeights(file, `${member} cannot be unpacked (${messageOf(error)})`, error);
  }
  if (got !== size) throw badWeights(file, `${member} unpacks to ${got} bytes, ${size} were declared`);
  return out;
}
