/**
 * Downloads from a server on 127.0.0.1 that breaks off, refuses ranges, and lies about what it sends. After every
 * failure the cache must hold no file that counts as complete.
 */
import { readFileSync, renameSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { DownloadProgress } from "../src/weights/download-options.js";
import { useDownloadFolder } from "./helpers/download-folder.js";
import { DATA, HALF, OTHER, SHORT, full, ranged, sha256, useFileServer } from "./helpers/file-server.js";
import type { Answer } from "./helpers/file-server.js";

const server = useFileServer();
const folder = useDownloadFolder(server);

test("an empty answer is told as that, whether or not its length was stated", async () => {
  for (const headers of [{ "content-length": 0 }, {}]) {
    server.answer = (_, response) => void response.writeHead(200, headers).end();
    await folder.expectRefusal("/w.safetensors", /w\.safetensors: the server sent an empty file \(0 bytes\); check/);
    await folder.expectRefusal(`/w-${SHORT}.safetensors`, /the server sent an empty file \(0 bytes\)/);
  }
  expect(folder.partialDownloads()).toEqual([]);
});

describe("a transfer that breaks off", () => {
  test("is resumed at once, and by the next call", async () => {
    let stop = 300_000;
    server.answer = (request, response) => ranged(DATA, '"v1"', stop)(request, response);
    await folder.expectRefusal(
      "/w.safetensors",
      /broke off after \d+ of 1000\d+ bytes .*try again to resume the download/,
    );
    expect(folder.partialDownloads()).toHaveLength(1);
    const starts: number[] = [];
    server.answer = (request, response) => {
      stop += 300_000;
      ranged(DATA, '"v1"', stop)(request, response);
    };
    const path = await folder.download("/w.safetensors", {
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
    expect(folder.partialDownloads()).toEqual([]);
  });

  test("starts afresh when the file on the server is another one by then", async () => {
    server.answer = ranged(OTHER, '"v0"', HALF);
    await folder.expectRefusal("/w.safetensors", /broke off/);
    server.answer = ranged();
    expect(sha256(readFileSync(await folder.download("/w.safetensors")))).toBe(sha256(DATA));
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
      await expect(folder.download(path)).rejects.toThrow(/broke off/);
      server.answer = then;
      expect(sha256(readFileSync(await folder.download(path, { retries: 1 })))).toBe(sha256(DATA));
    }
    server.log = [];
    server.answer = ranged(DATA, 'W/"weak"', HALF); // a weak tag must not be used to join two halves
    await expect(folder.download("/4")).rejects.toThrow(/broke off/);
    server.answer = full();
    await folder.download("/4");
    expect(server.log).toEqual(["all", "all"]);
  });

  test("a server that always breaks off ends in an error, not in a loop", async () => {
    server.answer = (_, response) => {
      response.writeHead(200, { "content-length": DATA.length }).flushHeaders();
      setTimeout(() => response.destroy(), 5);
    };
    await folder.expectRefusal("/w.safetensors", /broke off after 0 of/, { retries: 2 });
    expect(server.log).toHaveLength(3);
  });

  test("a process that was killed: its part is taken up", async () => {
    server.answer = ranged(DATA, '"v1"', HALF);
    await folder.expectRefusal("/w.safetensors", /broke off/);
    const [part = ""] = folder.partialDownloads();
    const killed = join(folder.path, `${part}-b7e1`);
    renameSync(join(folder.path, part), killed);
    utimesSync(join(killed, "beat"), 1e9, 1e9);
    server.answer = ranged();
    await folder.download("/w.safetensors");
    expect(server.log.at(-1)).toMatch(/^bytes=\d+- if "v1"$/);
    expect(folder.partialDownloads()).toEqual([]);
  });

  test("abort keeps the part and throws the signal's reason", async () => {
    server.answer = ranged(DATA, '"v1"', HALF);
    const controller = new AbortController();
    const onProgress = ({ loaded }: DownloadProgress): void =>
      void (loaded > 0 && controller.abort(new Error("enough")));
    await expect(
      folder.download("/w.safetensors", { signal: controller.signal, onProgress, retries: 9 }),
    ).rejects.toThrow("enough");
    expect(folder.completeFiles()).toEqual([]);
    expect(folder.partialDownloads()).toHaveLength(1);
  });
});

describe("a server that lies", () => {
  test("too long: it promises more than it sends", async () => {
    server.answer = (_, response) => {
      response.writeHead(200, { "content-length": DATA.length + 1000 });
      response.write(DATA, () => setTimeout(() => response.destroy(), 60));
    };
    await folder.expectRefusal("/w.safetensors", /broke off after \d+ of 1001\d+ bytes/);
  });

  test("too short: it promises less than it sends, so the file ends early", async () => {
    server.answer = (request) => {
      request.socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${HALF}\r\nconnection: close\r\n\r\n`);
      request.socket.end(DATA);
    };
    await folder.expectRefusal("/w.safetensors", /cut off|broke off/);
    await folder.expectRefusal(`/w-${SHORT}.safetensors`, /starts with|broke off/);
  });

  test("a fetch that does not enforce lengths", async () => {
    const lying =
      (data: Uint8Array, length: number): typeof fetch =>
      () =>
        Promise.resolve(new Response(data.slice(), { headers: { "content-length": String(length) } }));
    await folder.expectRefusal("/w.safetensors", /promised 500000 bytes and sent more/, { fetch: lying(DATA, HALF) });
    await folder.expectRefusal("/w.safetensors", /promised 2000000 bytes and sent 1000\d+/, {
      fetch: lying(DATA, 2_000_000),
    });
    await folder.expectRefusal("/w.safetensors", /offers 9000000000 bytes, more than/, { fetch: lying(DATA, 9e9) });
    await folder.expectRefusal("/w.safetensors", /sent more than 1000 bytes/, {
      maxBytes: 1000,
      fetch: () => Promise.resolve(new Response(DATA.slice())),
    });
  });

  test("other bytes than the name promises are thrown away and not resumed", async () => {
    server.answer = ranged(OTHER);
    await folder.expectRefusal(
      `/w-${SHORT}.safetensors`,
      new RegExp(`starts with ${SHORT}, but the 1000\\d+ bytes received have the sha256 ${sha256(OTHER)}`),
    );
    server.answer = ranged();
    await folder.download(`/w-${SHORT}.safetensors`);
    expect(server.log).toEqual(["all", "all"]);
  });

  test("half a file under a right length is refused by its own contents", async () => {
    server.answer = full(DATA.subarray(0, HALF));
    await folder.expectRefusal(
      "/w.safetensors",
      /ends at byte 1000000 of the data, but the file holds \d+; it may be cut off/,
    );
  });

  test("HTML: as an error, as a page, and disguised", async () => {
    server.answer = (_, response) =>
      void response.writeHead(404, "Not Found", { "content-type": "text/html" }).end("<html>gone</html>");
    await folder.expectRefusal("/w.pth", /the server answered 404 Not Found/);
    server.answer = (_, response) =>
      void response.writeHead(200, { "content-type": "text/html" }).end("<html>sign in</html>");
    await folder.expectRefusal("/w.pth", /web page \(text\/html\)/);
    server.answer = (_, response) => void response.end("<!doctype html><html>sign in</html>");
    await folder.expectRefusal("/w.pth", /it is a web page/);
    server.answer = (_, response) => void response.writeHead(503, "Busy").end();
    await folder.expectRefusal("/w.pth", /the server answered 503 Busy; try again/, { retries: 1 });
    expect(server.log).toHaveLength(5);
  });
});
