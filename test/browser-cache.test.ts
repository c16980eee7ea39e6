/** Downloads into a browser's Cache API, here a fake: pieces, resuming, pieces that the browser dropped, no room. */
import { describe, expect, test, vi } from "vitest";
import { openSource } from "../src/index.js";
import { browserCachedSource } from "../src/weights/browser-cache.js";
import type { BrowserCacheOptions, CacheLike } from "../src/weights/browser-cache.js";
import type { ByteSource } from "../src/weights/source.js";
import { fakeCache } from "./helpers/fake-cache.js";
import { DATA, HALF, OTHER, SHORT, ranged, sha256, useFileServer } from "./helpers/file-server.js";

const server = useFileServer();

describe("the browser's cache", () => {
  const options = (cache: CacheLike): BrowserCacheOptions => ({
    cache,
    pieceBytes: 200_000,
    retries: 0,
    retryDelay: 1,
  });
  const bytesOf = async (source: ByteSource): Promise<string> => sha256(await source.read(0, source.size));
  /** Whether each manifest says that its file is complete. */
  const areComplete = async (cache: ReturnType<typeof fakeCache>): Promise<unknown[]> =>
    Promise.all(
      [...cache.entries]
        .filter(([key]) => key.endsWith("/manifest"))
        .map(async ([, blob]) => (JSON.parse(await blob.text()) as { whole: boolean }).whole),
    );

  test("pieces and a manifest; the second time without the server", async () => {
    server.answer = ranged();
    const cache = fakeCache();
    const url = `${server.base}/w-${SHORT}.safetensors`;
    const [one, two] = await Promise.all([
      browserCachedSource(url, options(cache)),
      browserCachedSource(url, options(cache)),
    ]);
    expect([await bytesOf(one), await bytesOf(two)]).toEqual([sha256(DATA), sha256(DATA)]);
    expect(cache.entries.size).toBeGreaterThan(3);
    expect(server.log).toEqual(["all"]);
  });

  test("resumes; wrong bytes are thrown away; pieces the browser dropped are fetched again", async () => {
    const cache = fakeCache();
    server.answer = ranged(DATA, '"v1"', HALF);
    await expect(browserCachedSource(`${server.base}/w.safetensors`, options(cache))).rejects.toThrow(/broke off/);
    expect(await areComplete(cache)).toEqual([false]);
    server.answer = ranged();
    expect(await bytesOf(await browserCachedSource(`${server.base}/w.safetensors`, options(cache)))).toBe(sha256(DATA));
    expect(server.log.at(-1)).toMatch(/^bytes=\d+- if "v1"$/);
    cache.entries.delete([...cache.entries.keys()].find((key) => key.endsWith("/1")) ?? "");
    expect(await bytesOf(await browserCachedSource(`${server.base}/w.safetensors`, options(cache)))).toBe(sha256(DATA));
    expect(server.log).toHaveLength(3);
    server.answer = ranged(OTHER);
    const other = fakeCache();
    await expect(browserCachedSource(`${server.base}/w-${SHORT}.safetensors`, options(other))).rejects.toThrow(
      /starts with/,
    );
    expect(await areComplete(other)).toEqual([false]);
    expect(other.entries.size).toBe(1);
  });

  test("what onProgress throws reaches the caller, from the server and from the cache", async () => {
    server.answer = ranged();
    const cache = fakeCache();
    const url = `${server.base}/progress.safetensors`;
    const onProgress = (): never => {
      throw new RangeError("mine");
    };
    await expect(browserCachedSource(url, { ...options(cache), onProgress })).rejects.toThrow(RangeError);
    await browserCachedSource(url, options(cache));
    await expect(browserCachedSource(url, { ...options(cache), onProgress })).rejects.toThrow(RangeError);
  });

  test("no room is one sentence", async () => {
    server.answer = ranged();
    await expect(
      browserCachedSource(`${server.base}/w.safetensors`, options(fakeCache(500_000))),
    ).rejects.toMatchObject({
      code: "bad-weights",
      message: expect.stringMatching(/cannot be kept in the browser's cache .*cache: false/) as string,
    });
  });
});

describe("weights on a page", () => {
  test.each(["net.safetensors", "/assets/net.safetensors", "../net.safetensors"])(
    "%s is a URL as in a link of the page",
    async (weights) => {
      const asked: string[] = [];
      server.answer = (request, response) => {
        asked.push(request.url ?? "");
        ranged()(request, response);
      };
      vi.stubGlobal("location", { href: `${server.base}/app/page.html` });
      try {
        const source = await openSource(weights, { cache: false });
        expect([source.size, asked]).toEqual([
          DATA.length,
          [new URL(weights, `${server.base}/app/page.html`).pathname],
        ]);
      } finally {
        vi.unstubAllGlobals();
      }
      await expect(openSource(weights), "and nothing elsewhere").rejects.toMatchObject({
        code: "bad-weights",
        message: expect.stringContaining("this is not a URL") as string,
      });
    },
  );
});
