/**
 * SHA-256 of a Blob, read in pieces: crypto.subtle.digest wants all bytes at once, and a 218 MB checkpoint should not be in
 * memory for its digest.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { hex } from "./bytes.js";

/** Bytes in memory at a time. */
const PIECE_BYTES = 16 * 1024 * 1024;

/** Lower-case hex. */
export async function sha256OfBlob(blob: Blob, pieceBytes = PIECE_BYTES): Promise<string> {
  const hash = sha256.create();
  for (let start = 0; start < blob.size; start += pieceBytes) {
    const piece = await blob.slice(start, start + pieceBytes).arrayBuffer();
    hash.update(new Uint8Array(piece));
  }
  return hex(hash.digest());
}
