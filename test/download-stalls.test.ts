/** Servers that fall silent or trickle: the deadline `stallTimeout`, in downloads and in reads by range. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { loadFcn, openSource } from "../src/node.js";
import { urlSource } from "../src/weights/url-source.js";
import { useDownloadFolder } from "./helpers/download-folder.js";
import { DATA, HALF, full, ranged, sha256, useFileServer } from "./helpers/file-server.js";
import type { Answer } from "./helpers/file-server.js";

const server = useFileServer();
const folder = useDownloadFolder(server);

const silent: Answer = () => undefined;
const stopsHalfway: Answer = (_, response) => {
  response.writeHead(200, { "content-length": DATA.length, etag: '"v1"' }).write(DATA.subarray(0, HALF));
};
/** 2 bytes every 20 ms. */
const trickles: Answer = (_, response) => {
  response.writeHead(200, { "content-length": DATA.length, etag: '"v1"' });
  let sent = 0;
  const timer = setInterval(() => {
    response.write(DATA.subarray(sent, sent + 2));
    sent += 2;
  }, 20);
  response.on("close", () => clearInterval(timer));
};

describe("a server that falls silent", () => {
  test("before its answer", async () => {
    server.answer = silent;
    await folder.expectRefusal(
      "/w.safetensors",
      /could not be fetched \(0 bytes came in 0.15 s, at least 150 must come \(stallTimeout\)\); try again/,
      { stallTimeout: 150, retries: 1 },
    );
    expect(server.log).toHaveLength(2);
  });

  test("halfway: what came is resumed", async () => {
    server.answer = stopsHalfway;
    await folder.expectRefusal("/w.safetensors", /broke off after 500000 of 1000\d+ bytes \(\d+ bytes came in 0.2 s/, {
      stallTimeout: 200,
    });
    server.answer = ranged();
    expect(sha256(readFileSync(await folder.download("/w.safetensors")))).toBe(sha256(DATA));
    expect(server.log).toEqual(["all", 'bytes=500000- if "v1"']);
  });

  test("halfway, once: the same call resumes", async () => {
    server.answer = (request, response) =>
      (request.headers.range === undefined ? stopsHalfway : ranged())(request, response);
    const path = await folder.download("/w.safetensors", { stallTimeout: 200, retries: 1 });
    expect(sha256(readFileSync(path))).toBe(sha256(DATA));
    expect(server.log).toEqual(["all", 'bytes=500000- if "v1"']);
  });

  test("a few bytes at a time, which are too few; the retries end", async () => {
    server.answer = trickles;
    await folder.expectRefusal("/w.safetensors", /\d+ bytes came in 0.3 s, at least 300 must come/, {
      stallTimeout: 300,
      retries: 2,
    });
    expect(server.log).toHaveLength(3);
  });

  test("an abort is answered meanwhile", async () => {
    server.answer = stopsHalfway;
    const controller = new AbortController();
    const loading = folder.download("/w.safetensors", { signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 100);
    await expect(loading).rejects.toThrow("enough");
  });

  test("a slow disk or a slow caller is not the server's fault", async () => {
    server.answer = full();
    const wait = (): void => {
      const end = performance.now() + 120;
      while (performance.now() < end);
    };
    await folder.download("/w.safetensors", { stallTimeout: 100, onProgress: wait });
  });
});

test("reads by range have the deadline: no answer, and half a range", async () => {
  server.answer = silent;
  const url = `${server.base}/w.safetensors`;
  await expect(urlSource(url, { stallTimeout: 100 })).rejects.toMatchObject({
    code: "bad-weights",
    message: expect.stringMatching(/could not be fetched \(0 bytes came in 0.1 s, at least 100 must come/) as string,
  });
  server.answer = stopsHalfway;
  await expect(urlSource(url, { stallTimeout: 100 })).rejects.toThrow(/broke off after 500000 bytes \(\d+ bytes came/);
});

describe("the option", () => {
  test("openSource takes it, with and without the cache", async () => {
    server.answer = silent;
    const opening = openSource(`${server.base}/w.pth`, {
      cache: false,
      stallTimeout: 1,
      signal: AbortSignal.timeout(9000),
    });
    await expect(opening).rejects.toThrow(/at least 1 must come \(stallTimeout\)\); try again/);
  });
  test("values outside 1 to 300,000 are refused, also where nothing is downloaded", async () => {
    for (const stallTimeout of [0, -1, NaN, Infinity, 300_001])
      await expect(openSource(new Uint8Array(8), { stallTimeout })).rejects.toMatchObject({
        code: "bad-option",
        message: `stallTimeout must be 1 to 300000 milliseconds, got ${stallTimeout}`,
      });
    await expect(loadFcn({ weights: new Uint8Array(8), stallTimeout: 0 })).rejects.toMatchObject({
      code: "bad-option",
    });
    const text = { stallTimeout: "60" } as unknown as { stallTimeout: number };
    await expect(openSource(new Uint8Array(8), text)).rejects.toThrow(/stallTimeout must be a number, got string/);
  });
});
