/** What a caller's onProgress throws, or its promise rejects with, is what the load rejects with; never unhandled. */
import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { browserCachedSource } from "../src/weights/browser-cache.js";
import { cachedFile } from "../src/weights/disk-cache.js";
import type { DownloadOptions } from "../src/weights/download-options.js";
import { downloadedSource } from "../src/weights/memory-download.js";
import { useDownloadFolder } from "./helpers/download-folder.js";
import { fakeCache } from "./helpers/fake-cache.js";
import { ranged, useFileServer } from "./helpers/file-server.js";

const server = useFileServer();
const folder = useDownloadFolder(server);
const own = new Error("the caller's own");

const PLACES: Record<string, (url: string, options: DownloadOptions) => Promise<unknown>> = {
  "the disk": (url, options) => cachedFile(url, { folder: folder.path, ...options }),
  "a browser's cache": (url, options) => browserCachedSource(url, { cache, ...options }),
  memory: downloadedSource,
};
const cache = fakeCache();

const FAULTS: Record<string, NonNullable<DownloadOptions["onProgress"]>> = {
  "thrown at once": () => {
    throw own;
  },
  "rejected at once": async () => Promise.reject(own),
  "rejected after the last byte": async ({ loaded, total }) => {
    if (loaded !== total) return;
    await setTimeout(50);
    throw own;
  },
};

describe.each(Object.entries(PLACES))("a download into %s", (_, download) => {
  test.each(Object.entries(FAULTS))("%s", async (fault, onProgress) => {
    server.answer = ranged();
    const url = `${server.base}/${encodeURIComponent(fault)}.safetensors`;
    await expect(download(url, { onProgress })).rejects.toBe(own);
    await download(url, {});
    await expect(download(url, { onProgress }), "from the cache").rejects.toBe(own);
  });

  test("an async one is waited for", async () => {
    server.answer = ranged();
    let isDone = false;
    const onProgress = async (): Promise<void> => {
      await setTimeout(20);
      isDone = true;
    };
    await download(`${server.base}/waited.safetensors`, { onProgress });
    expect(isDone).toBe(true);
  });
});
