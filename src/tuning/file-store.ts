/** Keeps measured choices in Node (see tuner.ts): tuning.json in the cache folder, replaced as a whole. */
import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder } from "../weights/disk-cache.js";
import type { TuningStore } from "./tuner.js";

/** A file of choices has some 100 kB. A larger one is not a file of ours. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Never rejects. A file that cannot be read counts as empty. When it cannot be written (a read-only home), the next
 * process measures again.
 */
export function fileTuningStore(folder = cacheFolder()): TuningStore {
  const path = join(folder, "tuning.json");
  return {
    async read() {
      try {
        const bytes = await readFile(path);
        return bytes.length > MAX_BYTES ? undefined : bytes.toString("utf8");
      } catch {
        return undefined;
      }
    },
    async write(text) {
      // Renamed into place, so that another process reads either the old choices or the new ones, never a part.
      const part = `${path}.${randomUUID()}.part`;
      try {
        await mkdir(folder, { recursive: true });
        await writeFile(part, text);
        await rename(part, path);
      } catch {
        await rm(part, { force: true }).catch(() => undefined);
      }
    },
  };
}
