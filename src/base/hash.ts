/**
 * FNV-1a, 32 bits: a fast hash for cache keys and seeds. Not for security. http://www.isthe.com/chongo/tech/comp/fnv/
 */

const OFFSET_BASIS = 2166136261;
const PRIME = 16777619;

/** Hash of the text's UTF-8 bytes, from 0 to 2^32 - 1. */
export function fnv1a(text: string): number {
  let hash = OFFSET_BASIS;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, PRIME);
  return hash >>> 0;
}
