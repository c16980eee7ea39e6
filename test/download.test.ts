/** Downloads into the cache from a server that behaves, openSource for URLs, and faults on the client's side. */
import { readFileSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { syncBuiltinESMExports } from "node:module";
import os, { userInfo } from "node:os";
import { isAbsolute, join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { openSource } from "../src/node.js";
import { fileTuningStore } from "../src/tuning/file-store.js";
import { cacheFolder, cachedFile, cachedSource } from "../src/weights/disk-cache.js";
import type { DownloadProgress } from "../src/weights/download-options.js";
import { openCheckpoint } from "../src/weights/open.js";
import { promisedHash } from "../src/weights/urls.js";
import { useDownloadFolder } from "./helpers/download-folder.js";
import { DATA, HALF, OTHER, SHORT, ranged, sha256, useFileServer } from "./helpers/file-server.js";

const server = useFileServer();
const folder = useDownloadFolder(server);

describe("a server that behaves", () => {
  test("is asked once, then the cache answers; progress has one total", async () => {
    server.answer = ranged();
    const seen: DownloadProgress[] = [];
    const path = await folder.download(`/a/weights-${SHORT}.safetensors?x=1#part`, {
      onProgress: (progress) => seen.push(progress),
    });
    expect(sha256(readFileSync(path))).toBe(sha256(DATA));
    expect(path).toMatch(new RegExp(`[0-9a-f]{16}-weights-${SHORT}\\.safetensors$`));
    expect(new Set(seen.map(({ total }) => total))).toEqual(new Set([DATA.length]));
    expect(seen.map(({ loaded }) => loaded)).toEqual(seen.map(({ loaded }) => loaded).sort((a, b) => a - b));
    expect([seen[0]?.loaded, seen.at(-1)?.loaded]).toEqual([0, DATA.length]);
    expect(await folder.download(`/a/weights-${SHORT}.safetensors?x=1`)).toBe(path);
    expect(server.log).toEqual(["all"]);
    expect(folder.partialDownloads()).toEqual([]);
  });

  test("errors and the checkpoint have the URL's name", async () => {
    server.answer = ranged();
    const source = await cachedSource(`${server.base}/w.safetensors`, { folder: folder.path });
    const checkpoint = await openCheckpoint(source);
    expect(checkpoint.name).toBe(`${server.base}/w.safetensors`);
    expect((await checkpoint.read("w"))[9]).toBe(10);
    await checkpoint.close();
  });

  test("concurrent downloads of one URL make one request", async () => {
    server.answer = ranged();
    const paths = await Promise.all(Array.from({ length: 5 }, () => folder.download("/w.safetensors")));
    expect(new Set(paths).size).toBe(1);
    expect(server.log).toEqual(["all"]);
  });

  test("redirects are followed; the hash in the first name counts", async () => {
    server.answer = (request, response) => {
      if (request.url?.startsWith("/go")) response.writeHead(302, { location: "/elsewhere/blob" }).end();
      else ranged()(request, response);
    };
    expect(sha256(readFileSync(await folder.download(`/go/w-${SHORT}.pth`)))).toBe(sha256(DATA));
    await expect(folder.download("/go/w-0123abcd.pth")).rejects.toThrow(/starts with 0123abcd/);
    expect(folder.completeFiles()).toHaveLength(1);
  });

  test("a body without a length", async () => {
    server.answer = (_, response) =>
      void response.write(DATA.subarray(0, HALF), () => response.end(DATA.subarray(HALF)));
    expect(sha256(readFileSync(await folder.download("/w.safetensors")))).toBe(sha256(DATA));
  });
});

describe("openSource", () => {
  test("cache: false downloads into memory with the same checks", async () => {
    server.answer = ranged();
    const seen: DownloadProgress[] = [];
    const source = await openSource(`${server.base}/w-${SHORT}.pth`, {
      cache: false,
      onProgress: (progress) => seen.push(progress),
    });
    expect(sha256(await source.read(0, source.size))).toBe(sha256(DATA));
    expect(seen.at(-1)).toEqual({ loaded: DATA.length, total: DATA.length });
    server.answer = ranged(OTHER);
    await expect(openSource(`${server.base}/w-${SHORT}.pth`, { cache: false })).rejects.toThrow(/starts with/);
  });

  test("a URL goes through the cache", async () => {
    server.answer = ranged();
    const before = process.env.FCN_WEBGPU_CACHE;
    process.env.FCN_WEBGPU_CACHE = folder.path;
    try {
      await (await openSource(new URL(`${server.base}/w.pth`))).close();
      await (await openSource(`${server.base}/w.pth`)).close();
    } finally {
      if (before === undefined) delete process.env.FCN_WEBGPU_CACHE;
      else process.env.FCN_WEBGPU_CACHE = before;
    }
    expect(server.log).toEqual(["all"]);
    expect(folder.completeFiles()).toHaveLength(1);
  });
});

describe("the client's side", () => {
  test("no server, no URL, no folder", async () => {
    const closed = `http://127.0.0.1:1/w.pth`;
    await expect(cachedFile(closed, { folder: folder.path, retries: 0 })).rejects.toMatchObject({
      code: "bad-weights",
      message: expect.stringMatching(/127\.0\.0\.1:1\/w\.pth: it could not be fetched/) as string,
    });
    await expect(cachedFile("http://", { folder: folder.path })).rejects.toThrow(/not a URL/);
    writeFileSync(join(folder.path, "file"), "");
    await expect(cachedFile(`${server.base}/w`, { folder: join(folder.path, "file", "sub") })).rejects.toThrow(
      /cannot be kept in .*set FCN_WEBGPU_CACHE/,
    );
  });

  test("an aborted openSource is answered at once, also while it waits for another one's download", async () => {
    const responses: ServerResponse[] = [];
    server.answer = (_, response) => void responses.push(response);
    vi.stubEnv("FCN_WEBGPU_CACHE", folder.path);
    onTestFinished(() => void vi.unstubAllEnvs());
    const url = `${server.base}/silent.safetensors`;
    const [first, second] = [new AbortController(), new AbortController()];
    const reason = new Error("no longer wanted");
    const answers = [first, second].map(({ signal }) => openSource(url, { signal }).catch((error: unknown) => error));
    await vi.waitFor(() => expect(responses).toHaveLength(1));
    second.abort(reason);
    expect(await answers[1]).toBe(reason);
    first.abort(reason);
    expect(await answers[0]).toBe(reason);
  });

  test("what onProgress throws reaches the caller", async () => {
    server.answer = ranged();
    const own = new Error("the caller's own");
    const onProgress = (): never => {
      throw own;
    };
    const rejected = cachedFile(`${server.base}/progress.safetensors`, { folder: folder.path, onProgress });
    await expect(rejected).rejects.toBe(own);
  });

  test("where the cache is", () => {
    expect(cacheFolder({ FCN_WEBGPU_CACHE: "/a", XDG_CACHE_HOME: "/b" })).toBe("/a");
    expect(cacheFolder({ XDG_CACHE_HOME: "/b" })).toBe(join("/b", "fcn-webgpu"));
    expect(cacheFolder({ XDG_CACHE_HOME: "relative" })).toMatch(/\.cache[\\/]fcn-webgpu$/);
  });

  test("the cache is in no working directory, and without a home there is a sentence", async () => {
    vi.stubEnv("HOME", "");
    expect(cacheFolder({})).toBe(join(userInfo().homedir, ".cache", "fcn-webgpu"));
    vi.stubEnv("HOME", "relative");
    expect(isAbsolute(cacheFolder({}))).toBe(true);
    vi.unstubAllEnvs();
    const none = (): never => {
      throw new Error("uv_os_homedir returned ENOENT");
    };
    const spies = [vi.spyOn(os, "homedir").mockImplementation(none), vi.spyOn(os, "userInfo").mockImplementation(none)];
    syncBuiltinESMExports();
    onTestFinished(() => {
      for (const spy of spies) spy.mockRestore();
      syncBuiltinESMExports();
    });
    expect(() => cacheFolder({})).toThrow(
      "this user has no home directory for the cache; set FCN_WEBGPU_CACHE to a folder",
    );
    vi.stubEnv("FCN_WEBGPU_CACHE", undefined);
    vi.stubEnv("XDG_CACHE_HOME", undefined);
    onTestFinished(() => void vi.unstubAllEnvs());
    const tuning = fileTuningStore();
    await tuning.write("{}");
    expect(await tuning.read()).toBeUndefined();
  });

  test("hashes in names", () => {
    const hashOf = (name: string): string | undefined => promisedHash(`https://example.org/a/${name}`);
    expect(hashOf("fcn_resnet101_coco-7ecb50ca.pth")).toBe("7ecb50ca");
    expect(hashOf("fcn_resnet101_coco-7ECB50CA.pth?download=true")).toBe("7ecb50ca");
    expect(hashOf("resnet-20240131.pth")).toBeUndefined();
    expect(hashOf("model-state.pth")).toBeUndefined();
    expect(hashOf("")).toBeUndefined();
  });
});
