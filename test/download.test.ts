/**
 * Downloads into the cache, against a server on 127.0.0.1 that serves ranges, refuses them, breaks off, lies and redirects.
 * After every failure the cache must hold no file that counts as whole.
 */
import { mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { openSource } from "../src/node.js";
import { cacheFolder, cachedFile, cachedSource } from "../src/weights/disk-cache.js";
import { promisedHash } from "../src/weights/download.js";
import type { DownloadProgress } from "../src/weights/download.js";
import { openCheckpoint } from "../src/weights/open.js";
import { Sha256 } from "../src/weights/sha256.js";
import { DATA, HALF, OTHER, SHORT, full, ranged, sha256, useFileServer } from "./helpers/file-server.js";
import type { Answer } from "./helpers/file-server.js";

const server = useFileServer();
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fcn-download-"));
  return () => rmSync(folder, { recursive: true });
});

/** Files that count as whole. */
const whole = (): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
const parts = (): string[] => readdirSync(folder).filter((name) => name.includes(".part"));
const get = (path: string, more: object = {}): Promise<string> =>
  cachedFile(`${server.base}${path}`, { folder, retryDelay: 1, retries: 0, ...more });

async function refused(path: string, sentence: RegExp, more: object = {}): Promise<void> {
  await expect(get(path, more)).rejects.toMatchObject({
    code: "bad-weights",
    message: expect.stringMatching(sentence) as string,
  });
  expect(whole()).toEqual([]);
}

describe("a server that behaves", () => {
  test("one download, then the cache; one total", async () => {
    server.answer = ranged();
    const seen: DownloadProgress[] = [];
    const path = await get(`/a/weights-${SHORT}.safetensors?x=1#part`, {
      onProgress: (p: DownloadProgress) => seen.push(p),
    });
    expect(sha256(readFileSync(path))).toBe(sha256(DATA));
    expect(path).toMatch(new RegExp(`[0-9a-f]{16}-weights-${SHORT}\\.safetensors$`));
    expect(new Set(seen.map(({ total }) => total))).toEqual(new Set([DATA.length]));
    expect(seen.map(({ loaded }) => loaded)).toEqual(seen.map(({ loaded }) => loaded).sort((a, b) => a - b));
    expect([seen[0]?.loaded, seen.at(-1)?.loaded]).toEqual([0, DATA.length]);
    expect(await get(`/a/weights-${SHORT}.safetensors?x=1`)).toBe(path);
    expect(server.log).toEqual(["all"]);
    expect(parts()).toEqual([]);
  });

  test("errors and the checkpoint have the URL's name", async () => {
    server.answer = ranged();
    const checkpoint = await openCheckpoint(await cachedSource(`${server.base}/w.safetensors`, { folder }));
    expect(checkpoint.name).toBe(`${server.base}/w.safetensors`);
    expect((await checkpoint.read("w"))[9]).toBe(10);
    await checkpoint.close();
  });

  test("concurrent downloads of one URL make one request", async () => {
    server.answer = ranged();
    const paths = await Promise.all(Array.from({ length: 5 }, () => get("/w.safetensors")));
    expect(new Set(paths).size).toBe(1);
    expect(server.log).toEqual(["all"]);
  });

  test("redirects are followed; the hash in the first name counts", async () => {
    server.answer = (request, response) => {
      if (request.url?.startsWith("/go")) response.writeHead(302, { location: "/elsewhere/blob" }).end();
      else ranged()(request, response);
    };
    expect(sha256(readFileSync(await get(`/go/w-${SHORT}.pth`)))).toBe(sha256(DATA));
    await expect(get("/go/w-0123abcd.pth")).rejects.toThrow(/starts with 0123abcd/);
    expect(whole()).toHaveLength(1);
  });

  test("a body without a length", async () => {
    server.answer = (_, response) =>
      void response.write(DATA.subarray(0, HALF), () => response.end(DATA.subarray(HALF)));
    expect(sha256(readFileSync(await get("/w.safetensors")))).toBe(sha256(DATA));
  });
});

describe("a transfer that breaks off", () => {
  test("is resumed at once, and by the next call", async () => {
    let stop = 300_000;
    server.answer = (request, response) => ranged(DATA, '"v1"', stop)(request, response);
    await refused("/w.safetensors", /broke off after \d+ of 1000\d+ bytes .*run it again to go on from there/);
    expect(parts()).toHaveLength(1);
    const starts: number[] = [];
    server.answer = (request, response) => {
      stop += 300_000;
      ranged(DATA, '"v1"', stop)(request, response);
    };
    const path = await get("/w.safetensors", {
      retries: 3,
      onProgress: ({ loaded }: DownloadProgress) => starts.push(loaded),
    });
    expect(sha256(readFileSync(path))).toBe(sha256(DATA));
    expect(starts[0]).toBeGreaterThan(0); // not all that was sent must have arrived
    expect(server.log).toEqual([
      "all",
      ...server.log.slice(1).map(() => expect.stringMatching(/^bytes=[1-9]\d+- if "v1"$/) as string),
    ]);
    expect(server.log.length).toBeGreaterThanOrEqual(4);
    expect(parts()).toEqual([]);
  });

  test("starts afresh when the file on the server is another one by then", async () => {
    server.answer = ranged(OTHER, '"v0"', HALF);
    await refused("/w.safetensors", /broke off/);
    server.answer = ranged();
    expect(sha256(readFileSync(await get("/w.safetensors")))).toBe(sha256(DATA));
    expect(server.log).toEqual(["all", expect.stringMatching(/^bytes=\d+- if "v0"$/)]);
  });

  test("starts afresh with a server that refuses ranges, has no validator, or answers another range", async () => {
    const breaks: Answer = (_, response) => {
      response.writeHead(200, { "content-length": DATA.length, etag: '"v1"' });
      response.write(DATA.subarray(0, HALF), () => setTimeout(() => response.destroy(), 60));
    };
    const wrongRange: Answer = (request, response) =>
      request.headers.range === undefined
        ? full()(request, response)
        : void response.writeHead(206, { "content-range": `bytes 0-${DATA.length - 1}/${DATA.length}` }).end(DATA);
    const notSatisfiable: Answer = (request, response) =>
      request.headers.range === undefined ? full()(request, response) : void response.writeHead(416).end();
    for (const [path, then] of [
      ["/1", full()],
      ["/2", wrongRange],
      ["/3", notSatisfiable],
    ] as const) {
      server.answer = breaks;
      await expect(get(path)).rejects.toThrow(/broke off/);
      server.answer = then;
      expect(sha256(readFileSync(await get(path, { retries: 1 })))).toBe(sha256(DATA));
    }
    server.log = [];
    server.answer = ranged(DATA, 'W/"weak"', HALF); // a weak tag must not be used to join two halves
    await expect(get("/4")).rejects.toThrow(/broke off/);
    server.answer = full();
    await get("/4");
    expect(server.log).toEqual(["all", "all"]);
  });

  test("a server that always breaks off ends in an error, not in a loop", async () => {
    server.answer = (_, response) => {
      response.writeHead(200, { "content-length": DATA.length }).flushHeaders();
      setTimeout(() => response.destroy(), 5);
    };
    await refused("/w.safetensors", /broke off after 0 of/, { retries: 2 });
    expect(server.log).toHaveLength(3);
  });

  test("a process that was killed: its part is taken up", async () => {
    server.answer = ranged(DATA, '"v1"', HALF);
    await refused("/w.safetensors", /broke off/);
    const [part = ""] = parts();
    renameSync(join(folder, part), join(folder, `${part}-4194304-1`)); // beyond Linux's largest process id
    server.answer = ranged();
    await get("/w.safetensors");
    expect(server.log.at(-1)).toMatch(/^bytes=\d+- if "v1"$/);
    expect(parts()).toEqual([]);
  });

  test("abort keeps the part and throws the signal's reason", async () => {
    server.answer = ranged(DATA, '"v1"', HALF);
    const controller = new AbortController();
    const onProgress = ({ loaded }: DownloadProgress): void =>
      void (loaded > 0 && controller.abort(new Error("enough")));
    await expect(get("/w.safetensors", { signal: controller.signal, onProgress, retries: 9 })).rejects.toThrow(
      "enough",
    );
    expect(whole()).toEqual([]);
    expect(parts()).toHaveLength(1);
  });
});

describe("a server that lies", () => {
  test("too long: it promises more than it sends", async () => {
    server.answer = (_, response) => {
      response.writeHead(200, { "content-length": DATA.length + 1000 });
      response.write(DATA, () => setTimeout(() => response.destroy(), 60));
    };
    await refused("/w.safetensors", /broke off after \d+ of 1001\d+ bytes/);
  });

  test("too short: it promises less than it sends, so the file ends early", async () => {
    server.answer = (request) => {
      request.socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${HALF}\r\nconnection: close\r\n\r\n`);
      request.socket.end(DATA);
    };
    await refused("/w.safetensors", /cut off|broke off/);
    await refused(`/w-${SHORT}.safetensors`, /starts with|broke off/);
  });

  test("a fetch that does not enforce lengths", async () => {
    const lying =
      (data: Uint8Array, length: number): typeof fetch =>
      () =>
        Promise.resolve(new Response(data.slice(), { headers: { "content-length": String(length) } }));
    await refused("/w.safetensors", /promised 500000 bytes and sent more/, { fetch: lying(DATA, HALF) });
    await refused("/w.safetensors", /promised 2000000 bytes and sent 1000\d+/, { fetch: lying(DATA, 2_000_000) });
    await refused("/w.safetensors", /offers 9000000000 bytes, more than/, { fetch: lying(DATA, 9e9) });
    await refused("/w.safetensors", /sent more than 1000 bytes/, {
      maxBytes: 1000,
      fetch: () => Promise.resolve(new Response(DATA.slice())),
    });
  });

  test("other bytes than the name promises are thrown away and not resumed", async () => {
    server.answer = ranged(OTHER);
    await refused(
      `/w-${SHORT}.safetensors`,
      new RegExp(`starts with ${SHORT}, but that of the 1000\\d+ bytes received is ${sha256(OTHER)}`),
    );
    server.answer = ranged();
    await get(`/w-${SHORT}.safetensors`);
    expect(server.log).toEqual(["all", "all"]);
  });

  test("half a file under a right length is refused by its own contents", async () => {
    server.answer = full(DATA.subarray(0, HALF));
    await refused("/w.safetensors", /ends at byte 1000000 of the data, but the file holds \d+; it may be cut off/);
  });

  test("HTML: as an error, as a page, and disguised", async () => {
    server.answer = (_, response) =>
      void response.writeHead(404, "Not Found", { "content-type": "text/html" }).end("<html>gone</html>");
    await refused("/w.pth", /the server answered 404 Not Found/);
    server.answer = (_, response) =>
      void response.writeHead(200, { "content-type": "text/html" }).end("<html>sign in</html>");
    await refused("/w.pth", /web page \(text\/html\)/);
    server.answer = (_, response) => void response.end("<!doctype html><html>sign in</html>");
    await refused("/w.pth", /it is a web page/);
    server.answer = (_, response) => void response.writeHead(503, "Busy").end();
    await refused("/w.pth", /the server answered 503 Busy; run it again/, { retries: 1 });
    expect(server.log).toHaveLength(5);
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
    process.env.FCN_WEBGPU_CACHE = folder;
    try {
      await (await openSource(new URL(`${server.base}/w.pth`))).close();
      await (await openSource(`${server.base}/w.pth`)).close();
    } finally {
      if (before === undefined) delete process.env.FCN_WEBGPU_CACHE;
      else process.env.FCN_WEBGPU_CACHE = before;
    }
    expect(server.log).toEqual(["all"]);
    expect(whole()).toHaveLength(1);
  });
});

describe("this side", () => {
  test("no server, no URL, no folder", async () => {
    const closed = `http://127.0.0.1:1/w.pth`;
    await expect(cachedFile(closed, { folder, retries: 0 })).rejects.toMatchObject({
      code: "bad-weights",
      message: expect.stringMatching(/127\.0\.0\.1:1\/w\.pth: it could not be fetched/) as string,
    });
    await expect(cachedFile("http://", { folder })).rejects.toThrow(/not a URL/);
    writeFileSync(join(folder, "file"), "");
    await expect(cachedFile(`${server.base}/w`, { folder: join(folder, "file", "sub") })).rejects.toThrow(
      /cannot be kept in .*set FCN_WEBGPU_CACHE/,
    );
  });

  test("where the cache is", () => {
    expect(cacheFolder({ FCN_WEBGPU_CACHE: "/a", XDG_CACHE_HOME: "/b" })).toBe("/a");
    expect(cacheFolder({ XDG_CACHE_HOME: "/b" })).toBe(join("/b", "fcn-webgpu"));
    expect(cacheFolder({ XDG_CACHE_HOME: "relative" })).toMatch(/\.cache[\\/]fcn-webgpu$/);
  });

  test("hashes in names", () => {
    const of = (name: string): string | undefined => promisedHash(`https://example.org/a/${name}`);
    expect(of("fcn_resnet101_coco-7ecb50ca.pth")).toBe("7ecb50ca");
    expect(of("fcn_resnet101_coco-7ECB50CA.pth?download=true")).toBe("7ecb50ca");
    expect(of("resnet-20240131.pth")).toBeUndefined();
    expect(of("model-state.pth")).toBeUndefined();
    expect(of("")).toBeUndefined();
  });

  test("SHA-256 in pieces equals Node's", () => {
    for (const length of [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000]) {
      const bytes = DATA.subarray(0, length);
      const hash = new Sha256();
      for (let at = 0; at < length; at += 37) hash.update(bytes.subarray(at, at + 37));
      expect(hash.hex(), `${length} bytes`).toBe(sha256(bytes));
    }
    expect(new Sha256().update(DATA).hex()).toBe(sha256(DATA));
  });
});
