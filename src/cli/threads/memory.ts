/** Memory that moves from thread to thread instead of being copied. */
import * as threads from "node:worker_threads";

interface MarkReader {
  readonly isMarkedAsUntransferable?: (memory: ArrayBuffer) => boolean;
}

/** Whether moving it fails. Node.js 20 lacks the question, and copies such memory without a word. */
const isFixed = (memory: ArrayBuffer): boolean => (threads as MarkReader).isMarkedAsUntransferable?.(memory) ?? false;

/**
 * The memory of arrays, each once. What cannot move is left out, and so copied: small Buffers are parts of a pool of
 * Node, and sharp's pixels belong to its own allocator.
 */
export function memoryOf(...arrays: readonly (ArrayBufferView | undefined)[]): ArrayBuffer[] {
  const owned = arrays.flatMap((array) => {
    if (!array || array.byteLength !== array.buffer.byteLength) return [];
    return array.buffer instanceof ArrayBuffer && !isFixed(array.buffer) ? [array.buffer] : [];
  });
  return [...new Set(owned)];
}
