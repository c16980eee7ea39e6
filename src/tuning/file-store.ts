/** Keeps measured choices in Node (see tuner/tuner.ts): tuning.json in the cache folder, replaced as a whole. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "../base/make-folder.js";
import { writeWhole } from "../base/write-whole.js";
import { cacheFolder } from "../weights/disk-cache.js";
import type { TuningStore } from "./tuning-store.js";

/** A file of choices has some 100 kB. A larger one is not a file of ours. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Never rejects. A file that cannot be read counts as empty. When it cannot be written (a read-only home), the next
 * process measures again.
 */
export function fileTuningStore(folder?: string): TuningStore {
  const placed = (): string => folder ?? cacheFolder(); // fails where there is no home
  return {
    async read() {
      try {
        const path = join(placed(), "tuning.json");
        // Looked at first: a pipe has no end, and another file may be larger than the memory.
        const info = await stat(path);
        return info.isFile() && info.size <= MAX_BYTES ? await readFile(path, "utf8") : undefined;
      } catch {
        return undefined;
      }
    },
    async write(text) {
      try {
        await makeFolder(placed());
        await writeWhole(join(placed(), "tuning.json"), text);
      } catch {
        // The next process measures again.
      }
    },
  };
}
