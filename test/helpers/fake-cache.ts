/** A browser's Cache API for tests in Node. */
import type { CacheLike } from "../../src/weights/browser-cache.js";

/** A Cache that is a Map, and is full at `room` bytes. */
export function fakeCache(room = Infinity): CacheLike & { readonly entries: Map<string, Blob> } {
  const entries = new Map<string, Blob>();
  return {
    entries,
    match: (key) => Promise.resolve(entries.has(key as string) ? new Response(entries.get(key as string)) : undefined),
    delete: (key) => Promise.resolve(entries.delete(key as string)),
    async put(key, response) {
      const blob = await response.blob();
      const used = [...entries.values()].reduce((sum, { size }) => sum + size, 0);
      if (used + blob.size > room) throw new Error("QuotaExceededError");
      entries.set(key as string, blob);
    },
  };
}
