/**
 * Raw DEFLATE through the platform's DecompressionStream, with an output that never exceeds what was declared.
 * https://wicg.github.io/compression/#compression-stream, https://www.rfc-editor.org/rfc/rfc1951
 */

import { isFcnError, messageOf } from "../../base/errors.js";
import type { FcnError } from "../../base/errors.js";
import { badWeights } from "../source.js";
import type { Bytes } from "../source.js";

/** DEFLATE cannot do better than 1032 to 1, so a larger promise is false and not even tried. */
const MAX_RATIO = 1032;
/** Input per write: bounds what an implementation without back-pressure can put out at once. */
const PIECE_BYTES = 16 * 1024;

/** Unpacks to exactly `size` bytes. @throws bad-weights when the data are damaged or come to another size */
export async function inflateRaw(packed: Bytes, size: number, file: string, member: string): Promise<Bytes> {
  if (size > packed.byteLength * MAX_RATIO) {
    const claim = `${member} claims to unpack from ${packed.byteLength} to ${size} bytes`;
    throw badWeights(file, `${claim}, which DEFLATE cannot do`);
  }
  const damaged = (cause: unknown): FcnError =>
    badWeights(file, `${member} cannot be unpacked (${messageOf(cause)})`, cause);
  const stream = new DecompressionStream("deflate-raw");
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader();
  writer.closed.catch(() => undefined);
  // Errors of the input reach the reader as well, and writes to a cancelled stream fail as they should.
  const inputError = writePieces(writer, packed).catch((error: unknown) => error);
  const out = new Uint8Array(size);
  let received = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (value.byteLength > size - received)
        throw badWeights(file, `${member} unpacks to more than the ${size} bytes that were declared`);
      out.set(value, received);
      received += value.byteLength;
    }
    const error = await inputError;
    if (error !== undefined) throw damaged(error);
  } catch (error) {
    await reader.cancel().catch(() => undefined);
    await writer.abort().catch(() => undefined);
    throw isFcnError(error) ? error : damaged(error);
  }
  if (received !== size) throw badWeights(file, `${member} unpacks to ${received} bytes, ${size} were declared`);
  return out;
}

async function writePieces(writer: WritableStreamDefaultWriter<BufferSource>, packed: Bytes): Promise<void> {
  for (let start = 0; start < packed.byteLength; start += PIECE_BYTES) {
    await writer.ready;
    await writer.write(packed.subarray(start, start + PIECE_BYTES));
  }
  await writer.close();
}
