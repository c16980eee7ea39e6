/** Where Node keeps measured choices (see tuner.ts): tuning.json in the cache folder, replaced as a whole. */
import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder } from "../weights/disk-cache.js";
import type { TuningStore } from "./tuner.js";

/** A file of choices is some 100 kB; what is larger is none. */
const MAX_BYTES = 4 * 1024 * 1024;

/** Never rejects: what cannot be read is empty, and what cannot be written (a read-only home) is measured again another time. */
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
      // Renamed into place, so that a process that reads meanwhile finds the old choices or the new, never half of them.
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
