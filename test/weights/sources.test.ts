/** Byte sources: ranges and errors, and URLs against servers that behave, refuse, break off and lie. */

import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSource } from "../../src/node.js";
import { fileSource } from "../../src/weights/file-source.js";
import { openCheckpoint } from "../../src/weights/open.js";
import { blobSource, bufferSource, localSource } from "../../src/weights/source.js";
import type { ByteSource } from "../../src/weights/source.js";
import { urlSource } from "../../src/weights/url-source.js";
import { expected, fixture } from "./fixtures.js";

const DATA = Uint8Array.from({ length: 1_000_003 }, (_, i) => (i * 2654435761) >>> 24);
const folder = mkdtempSync(join(tmpdir(), "fcn-sources-"));
const path = join(folder, "data.bin");
writeFileSync(path, DATA);
afterAll(() => rmSync(folder, { recursive: true }));

type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;
let server: Server;
let base = "";
const requests: string[] = [];

function rangeOf(request: IncomingMessage): [number, number] | undefined {
  const match = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
  return match === null ? undefined : [Number(match[1]), Math.min(Number(match[2]), DATA.length - 1)];
}

function ranges(request: IncomingMessage, response: ServerResponse, extra: Record<string, string> = {}): void {
  const [first, last] = rangeOf(request) ?? [0, DATA.length - 1];
  response
    .writeHead(206, { "content-range": `bytes ${first}-${last}/${DATA.length}`, ...extra })
    .end(DATA.subarray(first, last + 1));
}

let hits = 0;
const behaviours: Record<string, Behaviour> = {
  "/ranges": ranges,
  "/whole": (_, response) => void response.writeHead(200, { "content-length": DATA.length }).end(DATA),
  "/chunked": (_, response) => void response.end(DATA),
  "/missing.pth": (_, response) =>
    void response.writeHead(404, { "content-type": "text/html" }).end("<html>not here</html>"),
  "/login": (_, response) =>
    void response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end("<html>sign in</html>"),
  "/breaks": (_, response) => {
    response.writeHead(200, { "content-length": DATA.length });
    response.write(DATA.subarray(0, 5000), () => response.destroy());
  },
  "/range-breaks": (request, response) => {
    const [first, last] = rangeOf(request) ?? [0, 0];
    response.writeHead(206, {
      "content-range": `bytes ${first}-${last}/${DATA.length}`,
      "content-length": last - first + 1,
    });
    response.write(DATA.subarray(first, first + 100), () => response.destroy());
  },
  "/range-short": (request, response) => {
    const [first, last] = rangeOf(request) ?? [0, 0];
    response
      .writeHead(206, { "content-range": `bytes ${first}-${last}/${DATA.length}` })
      .end(DATA.subarray(first, last - 9));
  },
  "/range-long": (request, response) => {
    const [first, last] = rangeOf(request) ?? [0, 0];
    response
      .writeHead(206, { "content-range": `bytes ${first}-${last}/${DATA.length}` })
      .end(DATA.subarray(first, last + 10));
  },
  "/range-total-lies": (request, response) => {
    const [first, last] = rangeOf(request) ?? [0, 0];
    response
      .writeHead(206, { "content-range": `bytes ${first}-${last}/999999999999` })
      .end(DATA.subarray(first, last + 1));
  },
  "/range-odd": (request, response) => {
    if (request.headers.range === undefined) return void response.end(DATA);
    return void response.writeHead(206, { "content-range": "bytes nonsense" }).end(DATA.subarray(0, 10));
  },
  "/range-hidden": (request, response) => {
    if (request.headers.range === undefined) return void response.end(DATA);
    return void response.writeHead(206).end(DATA.subarray(0, 10));
  },
  "/changes": (request, response) => ranges(request, response, { etag: `"${hits++}"` }),
  "/stops": (request, response) => (hits++ === 0 ? ranges(request, response) : void response.end(DATA)),
  "/empty": (_, response) => void response.writeHead(416).end(),
  "/flaky": (request, response) => (hits++ === 1 ? void response.writeHead(503).end() : ranges(request, response)),
};

beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(request.headers.range ?? "all");
    const url = request.url ?? "";
    const checkpoint = url.startsWith("/fixture/") ? fixture(url.slice(9)) : undefined;
    if (checkpoint === undefined) return void behaviours[url]?.(request, response);
    const [, first, last] = (/^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? []).map(Number);
    const end = Math.min(last ?? 0, checkpoint.length - 1);
    response
      .writeHead(206, { "content-range": `bytes ${first}-${end}/${checkpoint.length}` })
      .end(checkpoint.subarray(first, end + 1));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  base = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
});
afterAll(
  () =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(resolve);
    }),
);

describe("every source gives the same ranges and the same errors", () => {
  const sources: Record<string, () => Promise<ByteSource>> = {
    buffer: async () => bufferSource(DATA),
    "a view inside a larger buffer": async () => bufferSource(new Uint8Array([9, ...DATA, 9]).subarray(1, -1)),
    ArrayBuffer: async () => bufferSource(DATA.buffer),
    Blob: async () => blobSource(new Blob([DATA])),
    File: () => localSource(new File([DATA], "named.pth")),
    "blob: URL": () => localSource(URL.createObjectURL(new Blob([DATA]))),
    "data: URL": () => localSource(`data:application/octet-stream;base64,${Buffer.from(DATA).toString("base64")}`),
    path: () => fileSource(path),
    "URL with ranges": () => urlSource(`${base}/ranges`),
    "URL without ranges": () => urlSource(new URL(`${base}/whole`)),
    "URL of unknown length": () => urlSource(`${base}/chunked`),
    "URL with an unreadable Content-Range": () => urlSource(`${base}/range-odd`),
    "URL whose Content-Range is hidden (CORS)": () => urlSource(`${base}/range-hidden`),
  };
  for (const [name, open] of Object.entries(sources)) {
    test(name, async () => {
      const source = await open();
      expect(source.size).toBe(DATA.length);
      for (const [offset, length] of [
        [0, 0],
        [0, 1],
        [7, 13],
        [262_140, 10],
        [262_144, 5],
        [999_999, 4],
        [1_000_003, 0],
        [100_000, 700_000],
        [0, 1_000_003],
      ] as const) {
        const bytes = await source.read(offset, length);
        expect(Buffer.compare(bytes, DATA.subarray(offset, offset + length))).toBe(0);
        expect([bytes.byteOffset, bytes.buffer.byteLength]).toEqual([0, length]);
        bytes.fill(0); // fresh memory: the next read must not see this
      }
      for (const [offset, length] of [
        [0, 1_000_004],
        [1_000_003, 1],
        [-1, 2],
        [0, -1],
        [0.5, 1],
        [0, 2 ** 53],
        [NaN, 1],
      ] as const) {
        const reading = source.read(offset, length);
        await expect(reading).rejects.toMatchObject({ code: "bad-weights" });
        await expect(reading).rejects.toThrow(
          `${length} bytes at offset ${offset} are asked for, but it has 1000003 bytes`,
        );
      }
      await source.close();
      await source.close();
      await expect(source.read(0, 1)).rejects.toMatchObject({ code: "disposed" });
    });
  }
});

describe("paths", () => {
  test("missing, a folder, and one that shrinks", async () => {
    await expect(fileSource(join(folder, "none"))).rejects.toThrow(/none: there is no such file/);
    await expect(fileSource(folder)).rejects.toThrow(/this is a directory or a device/);
    const shrinking = join(folder, "shrinks");
    writeFileSync(shrinking, DATA);
    const source = await fileSource(shrinking);
    truncateSync(shrinking, 1000);
    await expect(source.read(0, 5000)).rejects.toThrow(/had 1000003 bytes when opened and now ends at 1000/);
    await source.close();
  });
  test("a file: URL, as a URL and as text", async () => {
    const path = join(folder, "by url");
    writeFileSync(path, DATA);
    for (const url of [pathToFileURL(path), pathToFileURL(path).href]) {
      const source = await openSource(url);
      expect(source.size).toBe(DATA.length);
      await source.close();
    }
  });
  test("a path where only URLs work", async () =>
    expect(localSource("weights/x.pth")).rejects.toThrow(/"weights\/x.pth": this is not a URL/));
  test("a blob: URL that was revoked", async () => {
    const url = URL.createObjectURL(new Blob([DATA]));
    URL.revokeObjectURL(url);
    await expect(localSource(url)).rejects.toMatchObject({
      code: "bad-weights",
      message: expect.stringMatching(/^"blob:.*": it could not be fetched \(/) as string,
    });
  });
  test("a failed open closes the source", async () => {
    let closed = 0;
    const source = { ...bufferSource(new Uint8Array(3)), close: async () => void closed++ };
    await expect(openCheckpoint(source)).rejects.toMatchObject({ code: "bad-weights" });
    expect(closed).toBe(1);
  });
});

describe("URLs", () => {
  const failures: [string, RegExp][] = [
    ["/missing.pth", /the server answered 404 Not Found/],
    ["/login", /web page \(text\/html\), not with a checkpoint/],
    ["/breaks", /transfer broke off after \d+ bytes/],
    ["/range-breaks", /transfer broke off after \d+ bytes/],
    ["/range-short", /promised 262144 bytes at offset 0 and sent 262134/],
    ["/range-long", /sent more than 262144 bytes/],
    ["/empty", /offers no bytes/],
  ];
  for (const [url, reason] of failures) {
    test(url, async () => {
      const opening = urlSource(base + url);
      await expect(opening).rejects.toMatchObject({ code: "bad-weights" });
      await expect(opening).rejects.toThrow(reason);
    });
  }
  test("no server", async () => expect(urlSource("http://127.0.0.1:1/x")).rejects.toThrow(/could not be fetched/));
  test("a total that lies fails at the read that finds out", async () => {
    const source = await urlSource(`${base}/range-total-lies`);
    await expect(source.read(5_000_000, 10)).rejects.toMatchObject({ code: "bad-weights" });
  });
  test("a file that changes, and a server that stops doing ranges", async () => {
    hits = 0;
    const changing = await urlSource(`${base}/changes`);
    await expect(changing.read(500_000, 10)).rejects.toThrow(/changed on the server/);
    hits = 0;
    const stopping = await urlSource(`${base}/stops`);
    await expect(stopping.read(500_000, 10)).rejects.toThrow(/stopped honouring ranges at offset 262144/);
  });
  test("a failed block is asked for again", async () => {
    hits = 0;
    const source = await urlSource(`${base}/flaky`);
    await expect(source.read(500_000, 10)).rejects.toThrow(/503/);
    expect(Buffer.compare(await source.read(500_000, 10), DATA.subarray(500_000, 500_010))).toBe(0);
  });
  test("more than maxBytes", async () =>
    expect(urlSource(`${base}/chunked`, { maxBytes: 1000 })).rejects.toThrow(/sent more than 1000 bytes/));
  test("an aborted signal", async () =>
    expect(urlSource(`${base}/whole`, { signal: AbortSignal.abort() })).rejects.toThrow(/could not be fetched/));
  test("only the parts needed travel: one tensor of an 11 MB file, few and small requests", async () => {
    requests.length = 0;
    const checkpoint = await openCheckpoint(await urlSource(`${base}/fixture/fcn-resnet101-w16.pth`));
    expect((await checkpoint.read("backbone.conv1.weight")).length).toBe(16 * 3 * 49);
    expect(requests.length).toBeLessThan(8);
    expect(requests.every((range) => range.startsWith("bytes="))).toBe(true);
  });
  test("every fixture over HTTP", async () => {
    for (const [name, tensors] of Object.entries(expected)) {
      const checkpoint = await openCheckpoint(await urlSource(`${base}/fixture/${name}`));
      for (const [key, { values }] of Object.entries(tensors))
        expect([...(await checkpoint.readFloat64(key))]).toEqual(values);
    }
  });
});
