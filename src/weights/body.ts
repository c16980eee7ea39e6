/** The body of a response, read into memory. */

import { messageOf } from "../base/errors.js";
import type { Deadline } from "./deadline.js";
import { badWeights } from "./source.js";
import type { Bytes } from "./source.js";

/**
 * Reads chunk by chunk, so that a server that sends more than `most` bytes is cut off, whatever length it stated.
 * @throws bad-weights for too many bytes and for a transfer that breaks off or stalls
 */
export async function readBody(url: string, response: Response, most: number, deadline: Deadline): Promise<Bytes> {
  const chunks: Uint8Array[] = [];
  let received = 0;
  const reader = response.body?.getReader();
  try {
    for (;;) {
      const chunk = reader && (await deadline.wait(reader.read())).value;
      if (chunk === undefined) break;
      received += chunk.byteLength;
      deadline.received(chunk.byteLength);
      if (received > most) throw badWeights(url, `the server sent more than ${most} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    await reader?.cancel().catch(() => undefined);
    if (received > most) throw error;
    throw badWeights(url, `the transfer broke off after ${received} bytes (${messageOf(error)})`, error);
  } finally {
    deadline.end();
  }
  return joined(chunks, received);
}

/** Drops each chunk once it is copied: otherwise a large body is in memory twice. */
function joined(chunks: Uint8Array[], length: number): Bytes {
  const out = new Uint8Array(length);
  let at = 0;
  for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) {
    out.set(chunk, at);
    at += chunk.byteLength;
  }
  return out;
}
