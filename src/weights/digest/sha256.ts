/**
 * SHA-256 over bytes that come in pieces: crypto.subtle.digest wants all bytes at once, and a 218 MB checkpoint
 * should not be in memory for its digest. Not for secrets: it does not run in constant time.
 * https://csrc.nist.gov/pubs/fips/180-4/upd1/final (section numbers below are FIPS 180-4's)
 */

import { alignUp } from "../../kernel/shape.js";
import { viewOf } from "../bytes.js";

/** Bytes of a message block. */
const BLOCK = 64;
/** Bytes of the message length, at the end of the last block. */
const LENGTH_FIELD = 8;
/** Bytes of a Blob in memory at a time. */
const PIECE_BYTES = 16 * 1024 * 1024;

/** The first 32 bits of the fractional part of each root of a prime. */
function fractions(count: number, root: (prime: number) => number): Int32Array {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n++) if (primes.every((p) => n % p !== 0)) primes.push(n);
  return Int32Array.from(primes, (p) => ((root(p) % 1) * 2 ** 32) | 0);
}

/** 4.2.2 */
const ROUND_CONSTANTS = fractions(64, Math.cbrt);
/** 5.3.3 */
const INITIAL_STATE = fractions(8, Math.sqrt);

const rotate = (word: number, bits: number): number => (word >>> bits) | (word << (32 - bits));

export class Sha256 {
  readonly #state = INITIAL_STATE.slice();
  /** The message schedule W of the current block. */
  readonly #words = new Int32Array(64);
  /** The start of a block whose end has not come yet. */
  readonly #partial = new Uint8Array(BLOCK);
  #partialBytes = 0;
  #totalBytes = 0;

  update(bytes: Uint8Array): this {
    this.#totalBytes += bytes.length;
    let start = 0;
    if (this.#partialBytes > 0) {
      start = Math.min(BLOCK - this.#partialBytes, bytes.length);
      this.#partial.set(bytes.subarray(0, start), this.#partialBytes);
      this.#partialBytes += start;
      if (this.#partialBytes < BLOCK) return this;
      this.#compress(viewOf(this.#partial), 0);
    }
    const message = viewOf(bytes);
    for (; start + BLOCK <= bytes.length; start += BLOCK) this.#compress(message, start);
    this.#partial.set(bytes.subarray(start));
    this.#partialBytes = bytes.length - start;
    return this;
  }

  /** The digest in lower-case hex. Call once, last. */
  hex(): string {
    const bits = this.#totalBytes * 8;
    // 5.1.1: a one bit, zeros, and the message's length in bits, up to the end of a block.
    const used = this.#partialBytes + 1 + LENGTH_FIELD;
    const padding = new Uint8Array(alignUp(used, BLOCK) - this.#partialBytes);
    padding[0] = 0x80;
    new DataView(padding.buffer).setBigUint64(padding.length - LENGTH_FIELD, BigInt(bits));
    this.update(padding);
    return Array.from(this.#state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }

  /** 6.2.2, for one block. Indices stay inside the arrays: `as number` keeps checks out of the inner loops. */
  #compress(message: DataView, start: number): void {
    const w = this.#words;
    for (let t = 0; t < 16; t++) w[t] = message.getInt32(start + 4 * t);
    for (let t = 16; t < 64; t++) {
      const early = w[t - 15] as number;
      const late = w[t - 2] as number;
      const sigma0 = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3);
      const sigma1 = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10);
      w[t] = (w[t - 16] as number) + sigma0 + (w[t - 7] as number) + sigma1;
    }
    const state = this.#state;
    let a = state[0] as number;
    let b = state[1] as number;
    let c = state[2] as number;
    let d = state[3] as number;
    let e = state[4] as number;
    let f = state[5] as number;
    let g = state[6] as number;
    let h = state[7] as number;
    for (let t = 0; t < 64; t++) {
      const sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
      const choice = (e & f) ^ (~e & g);
      const t1 = (h + sum1 + choice + (ROUND_CONSTANTS[t] as number) + (w[t] as number)) | 0;
      const sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
      const majority = (a & b) ^ (a & c) ^ (b & c);
      h = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + sum0 + majority) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => (state[i] = (state[i] as number) + word));
  }
}

/** SHA-256 of a Blob in lower-case hex, read in pieces. */
export async function sha256OfBlob(blob: Blob, pieceBytes = PIECE_BYTES): Promise<string> {
  const hash = new Sha256();
  for (let start = 0; start < blob.size; start += pieceBytes) {
    const piece = await blob.slice(start, start + pieceBytes).arrayBuffer();
    hash.update(new Uint8Array(piece));
  }
  return hash.hex();
}
