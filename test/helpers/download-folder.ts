/** Downloads from the file server into a cache folder of their own, and what is in that folder afterwards. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect } from "vitest";
import { cachedFile } from "../../src/weights/disk-cache.js";
import type { DiskCacheOptions } from "../../src/weights/disk-cache.js";
import type { FileServer } from "./file-server.js";

export interface DownloadFolder {
  path: string;
  /** Names of the files that count as complete. */
  completeFiles(): string[];
  /** Names of the partial downloads. */
  partialDownloads(): string[];
  /** Downloads this path of the server once, without retries unless `options` says so; gives the file's path. */
  download(path: string, options?: DiskCacheOptions): Promise<string>;
  /** Expects the download to fail with `bad-weights` and to leave no file that counts as complete. */
  expectRefusal(path: string, sentence: RegExp, options?: DiskCacheOptions): Promise<void>;
}

/** One folder per test. */
export function useDownloadFolder(server: FileServer): DownloadFolder {
  const folder: DownloadFolder = {
    path: "",
    completeFiles: () =>
      readdirSync(folder.path, { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => name),
    partialDownloads: () => readdirSync(folder.path).filter((name) => name.includes(".part")),
    download: (path, options = {}) =>
      cachedFile(`${server.base}${path}`, { folder: folder.path, retryDelay: 1, retries: 0, ...options }),
    async expectRefusal(path, sentence, options = {}) {
      await expect(folder.download(path, options)).rejects.toMatchObject({
        code: "bad-weights",
        message: expect.stringMatching(sentence) as string,
      });
      expect(folder.completeFiles()).toEqual([]);
    },
  };
  beforeEach(() => {
    folder.path = mkdtempSync(join(tmpdir(), "fcn-download-"));
    return () => rmSync(folder.path, { recursive: true });
  });
  return folder;
}
