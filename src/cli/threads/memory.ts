/** Memory that moves from thread to thread instead of being copied. */

/**
 * The memory of arrays, each once. What an array shares with others is left out, and so copied: small Buffers are parts
 * of a pool of Node.
 */
export function memoryOf(...arrays: readonly (ArrayBufferView | undefined)[]): ArrayBuffer[] {
  const owned = arrays.flatMap((array) => {
    if (!array || array.byteLength !== array.buffer.byteLength) return [];
    return array.buffer instanceof ArrayBuffer ? [array.buffer] : [];
  });
  return [...new Set(owned)];
}
