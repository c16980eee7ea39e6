/**
 * Keeps measured choices in a browser (see tuner/tuner.ts): one entry of the Cache API, which workers have too. A page
 * without it (not served over HTTPS, some private windows) measures again each time it is opened.
 * https://w3c.github.io/ServiceWorker/#cache-interface
 */
import type { TuningStore } from "./tuning-store.js";

/** Keys must be http(s) URLs. `.invalid` is a reserved domain that resolves nowhere. */
const KEY = "https://fcn-webgpu.invalid/tuning.json";

type OpenCache = () => Promise<Pick<Cache, "match" | "put">>;

/**
 * Never rejects. An entry that cannot be read counts as empty. When it cannot be written, the next page measures again.
 */
export function browserTuningStore(open: OpenCache = async () => caches.open("fcn-webgpu")): TuningStore {
  return {
    async read() {
      try {
        const cache = await open();
        const response = await cache.match(KEY);
        return await response?.text();
      } catch {
        return undefined;
      }
    },
    async write(text) {
      try {
        const cache = await open();
        await cache.put(KEY, new Response(text));
      } catch {
        // A full or forbidden store costs the next page a second of measuring, nothing else.
      }
    },
  };
}
