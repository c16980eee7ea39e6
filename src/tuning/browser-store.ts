/**
 * Where a browser keeps measured choices (see tuner.ts): one entry of the Cache API, which workers have too. A page without it (not
 * served over HTTPS, some private windows) measures anew each time it is opened.
 * https://w3c.github.io/ServiceWorker/#cache-interface
 */
import type { TuningStore } from "./tuner.js";

/** Keys must be http(s) URLs; `.invalid` is reserved and resolves nowhere. */
const KEY = "https://fcn-webgpu.invalid/tuning.json";

/** Never rejects: what cannot be read is empty, and what cannot be written is measured again another time. */
export function browserTuningStore(
  open: () => Promise<Pick<Cache, "match" | "put">> = async () => caches.open("fcn-webgpu"),
): TuningStore {
  return {
    async read() {
      try {
        return await (await (await open()).match(KEY))?.text();
      } catch {
        return undefined;
      }
    },
    async write(text) {
      try {
        await (await open()).put(KEY, new Response(text));
      } catch {
        // A full or forbidden store costs the next page a second of measuring, nothing else.
      }
    },
  };
}
