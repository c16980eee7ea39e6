/** Pictures of URLs in Node: what is fetched and when, and servers that send something else. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fetchPicture } from "../src/models/extras/fetch-picture.js";
import { loadFcn, readPicture } from "../src/node.js";
import type { Fcn, NodePicture } from "../src/node.js";
import { useDevice } from "./helpers/device.js";
import { expectError } from "./helpers/expect-error.js";
import { full, useFileServer } from "./helpers/file-server.js";
import type { Answer } from "./helpers/file-server.js";

const device = useDevice();
const server = useFileServer();
const VAL = "test/fixtures/val/15.png";
const PNG = readFileSync(VAL);
const address = (path = "cat.png"): string => `${server.base}/${path}`;

let fcn: Fcn<NodePicture>;
let expected: Uint8Array;
beforeAll(async () => {
  fcn = await loadFcn({ device: device(), variant: "fcn32s" });
  expected = (await fcn.segment(VAL)).labels;
});
afterAll(() => fcn.dispose());

describe("a URL", () => {
  it("as text or object gives the picture there, after redirects", async () => {
    server.answer = (request, response) => {
      if (request.url === "/cat.png") response.writeHead(302, { location: "/there.png" }).end();
      else full(PNG)(request, response);
    };
    for (const url of [address(), new URL(address())]) expect((await fcn.segment(url)).labels).toEqual(expected);
    const { fc7 } = await fcn.features(address(), ["fc7"]);
    expect(fc7.shape[0]).toBe(1);
  });

  it("may hold the picture itself", async () => {
    const data = `data:image/png;base64,${PNG.toString("base64")}`;
    const blob = URL.createObjectURL(new Blob([PNG]));
    for (const url of [data, blob, new URL(data)]) expect((await fcn.segment(url)).labels).toEqual(expected);
    URL.revokeObjectURL(blob);
  });

  it("is downloaded at the call, beside others, and delays no call behind it", async () => {
    const waiting: (() => void)[] = [];
    server.answer = (request, response) => void waiting.push(() => full(PNG)(request, response));
    const slow = [fcn.segment(address("a.png")), fcn.segment(address("b.png"))];
    expect((await fcn.segment(VAL)).labels).toEqual(expected);
    await expect.poll(() => waiting.length).toBe(2);
    for (const answer of waiting) answer();
    for (const { labels, timings } of await Promise.all(slow)) {
      expect(labels).toEqual(expected);
      expect(timings.decode).toBeGreaterThan(0);
    }
  });

  it("is given up when the signal is aborted, and each connection is closed", async () => {
    let closed = 0;
    server.answer = (request) => void request.on("close", () => closed++);
    const abort = new AbortController();
    const call = fcn.segment(address(), { signal: abort.signal });
    const read = readPicture(address(), { signal: abort.signal });
    await expect.poll(() => server.log.length).toBe(2);
    abort.abort(new Error("enough"));
    await expect(call).rejects.toThrow("enough");
    await expect(read).rejects.toThrow("enough");
    await expect.poll(() => closed).toBe(2);
    expect((await fcn.segment(VAL)).labels).toEqual(expected);
  });

  it("that fails is one bad picture of a stream", async () => {
    server.answer = (request, response) => {
      if (request.url === "/1.png") response.writeHead(404).end();
      else full(PNG)(request, response);
    };
    const urls = [0, 1, 2].map((i) => address(`${i}.png`));
    const seen: (string | number)[] = [];
    for await (const result of fcn.segmentAll(urls, { onError: "continue" }))
      seen.push(result.error ? result.error.code : result.index);
    expect(seen).toEqual([0, "bad-image", 2]);
  });

  it("in a batch with a picture that is refused at once leaves nothing unhandled", async () => {
    server.answer = (_, response) => void response.writeHead(500).end();
    const pictures = [address(), 7 as unknown as string];
    await expectError(() => fcn.segmentBatch(pictures), "bad-image", /500 Internal Server Error|got number/);
  });
});

describe("is refused", () => {
  const CASES: readonly (readonly [string, Answer, RegExp])[] = [
    [
      "a status",
      (_, response) => void response.writeHead(404).end(),
      /cat\.png: the server answered 404 Not Found; check/,
    ],
    [
      "a web page",
      (_, response) => void response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end("<p>"),
      /cat\.png: the server answered with a web page \(text\/html\), not with a picture$/,
    ],
    ["what is no picture", full(Buffer.from("{}")), /^http:.*cat\.png: it is not a PNG/],
    ["nothing", full(Buffer.alloc(0)), /^http:.*cat\.png: .*0 bytes/],
    [
      "a body that breaks off",
      (_, response) =>
        void response
          .writeHead(200, { "content-length": PNG.length })
          .write(PNG.subarray(0, 99), () => response.destroy()),
      /cat\.png: the transfer broke off after 99 bytes/,
    ],
    [
      "too many bytes, by their length",
      (_, response) => void response.writeHead(200, { "content-length": 2 ** 28 + 1 }).flushHeaders(),
      /cat\.png: the server offers 268435457 bytes, more than the 268435456 of a picture; make it smaller$/,
    ],
    [
      "a redirect to a file",
      (_, response) => void response.writeHead(302, { location: "file:///etc/passwd" }).end(),
      /cat\.png: the server redirects to "file:\/\/\/etc\/passwd", which is no http or https URL/,
    ],
    [
      "redirects without end",
      (_, response) => void response.writeHead(302, { location: "/cat.png" }).end(),
      /cat\.png: the server redirects more than 20 times/,
    ],
    [
      "a server that hangs up",
      (request) => void request.socket.destroy(),
      /cat\.png: it could not be fetched \(.+\); check/,
    ],
  ];
  it.each(CASES)("%s", async (_, answer, sentence) => {
    server.answer = answer;
    await expectError(() => fcn.segment(address()), "bad-image", sentence);
  });

  it("more bytes than a picture has, though no length was stated", async () => {
    server.answer = (_, response) => void response.end(PNG);
    await expectError(
      () => fetchPicture(address(), { maxBytes: 100 }),
      "bad-image",
      /cat\.png: (the server sent more than 100 bytes|the server offers \d+ bytes, more than the 100 of a picture)/,
    );
    server.answer = (_, response) => void response.writeHead(200, { "transfer-encoding": "chunked" }).end(PNG);
    await expectError(() => fetchPicture(address(), { maxBytes: 100 }), "bad-image", /sent more than 100 bytes$/);
  });

  it("a server that falls silent, before its answer and within it", async () => {
    const silent = /cat\.png: the server sent no answer, or less than 1,000 bytes a second; try again, or download it/;
    server.answer = () => undefined;
    await expectError(() => fetchPicture(address(), { stallTimeout: 50 }), "bad-image", silent);
    server.answer = (_, response) => void response.writeHead(200).write("x");
    await expectError(() => fetchPicture(address(), { stallTimeout: 50 }), "bad-image", silent);
  });

  it.each<[string, string, RegExp]>([
    [
      "another scheme",
      "ftp://example.org/cat.png",
      /^ftp:\/\/example\.org\/cat\.png: pictures come from http:, .* not from ftp:$/,
    ],
    ["what is no URL", "http://", /^"http:\/\/": it is not a URL/],
    [
      "a password, which no message repeats",
      "http://me:secret@localhost/cat.png",
      /^http:\/\/localhost\/cat\.png: its URL has a/,
    ],
    [
      "a data: URL that is damaged",
      "data:image/png;base64,%%%",
      /^data:image\/png;base64,%%%: it could not be fetched/,
    ],
  ])("%s", async (_, url, sentence) => {
    await expectError(() => fcn.segment(url), "bad-image", sentence);
  });
});

describe("bytes of a file", () => {
  const bytes = Uint8Array.from(PNG);
  it.each<[string, () => NodePicture]>([
    ["a Buffer", () => PNG],
    ["a Uint8ClampedArray", () => new Uint8ClampedArray(bytes)],
    ["a DataView on a part of a buffer", () => new DataView(Uint8Array.of(1, ...bytes).buffer, 1)],
    [
      "a SharedArrayBuffer",
      () => {
        const shared = new SharedArrayBuffer(bytes.length);
        new Uint8Array(shared).set(bytes);
        return shared;
      },
    ],
    ["a File", () => new File([bytes], "photo.png")],
  ])("as %s", async (_, picture) => expect((await fcn.segment(picture())).labels).toEqual(expected));

  it("in a File are called by its name, and other objects by their class", async () => {
    await expectError(() => fcn.segment(new File(["no"], "a.png")), "bad-image", /^a\.png: it is not a PNG/);
    await expectError(
      () => fcn.segment(new Response("") as unknown as NodePicture),
      "bad-image",
      "picture: got Response, needed { width, height, data }",
    );
  });
});
