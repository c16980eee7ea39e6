/** A resumed download never joins bytes of two versions of a file, whatever the server confuses. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { downloadedSource } from "../src/weights/memory-download.js";
import { urlSource } from "../src/weights/url-source.js";
import { useDownloadFolder } from "./helpers/download-folder.js";
import { DATA, HALF, OTHER, sha256, useFileServer } from "./helpers/file-server.js";
import type { Answer } from "./helpers/file-server.js";

const server = useFileServer();
const folder = useDownloadFolder(server);

type Headers = Readonly<Record<string, string>>;
const OLD_DATE = "Tue, 01 Oct 2024 10:00:00 GMT";
const NEW_DATE = "Tue, 01 Oct 2024 10:00:01 GMT";

/** The first half of OTHER, then the connection breaks. */
const firstHalf =
  (headers: Headers): Answer =>
  (_, response) => {
    response.writeHead(200, { "content-length": OTHER.length, ...headers });
    response.write(OTHER.subarray(0, HALF), () => setTimeout(() => response.destroy(), 60));
  };

/** Serves DATA. Ranges are answered with 206 whatever If-Range says. */
const ignoresIfRange =
  (headers: Headers): Answer =>
  (request, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const range = { "content-range": `bytes ${from}-${DATA.length - 1}/${DATA.length}` };
    response.writeHead(from > 0 ? 206 : 200, { "content-length": DATA.length - from, ...headers, ...range });
    response.end(DATA.subarray(from));
  };

describe("a server that ignores If-Range", () => {
  const cases: [string, Headers, Headers][] = [
    ["another ETag", { etag: '"v1"' }, { etag: '"v2"' }],
    ["an ETag that became weak", { etag: '"v1"' }, { etag: 'W/"v1"' }],
    ["no ETag any more", { etag: '"v1"' }, {}],
    ["another date", { "last-modified": OLD_DATE }, { "last-modified": NEW_DATE }],
    ["no date any more", { "last-modified": OLD_DATE }, {}],
    [
      "one ETag for all versions",
      { etag: '"x"', "last-modified": OLD_DATE },
      { etag: '"x"', "last-modified": NEW_DATE },
    ],
  ];
  for (const [name, before, after] of cases) {
    test(name, async () => {
      server.answer = firstHalf(before);
      await folder.expectRefusal("/w.safetensors", /broke off/);
      server.answer = ignoresIfRange(after);
      const path = await folder.download("/w.safetensors", { retries: 1 });
      expect(sha256(readFileSync(path))).toBe(sha256(DATA));
      expect(server.log).toEqual(["all", expect.stringMatching(/^bytes=\d+- if /), "all"]);
    });
  }

  test("within one attempt as well: the version changes while the transfer is retried", async () => {
    let requests = 0;
    server.answer = (request, response) => {
      requests++;
      (requests === 1 ? firstHalf({ etag: '"v1"' }) : ignoresIfRange({ etag: '"v2"' }))(request, response);
    };
    expect(sha256(readFileSync(await folder.download("/w.safetensors", { retries: 2 })))).toBe(sha256(DATA));
    expect(requests).toBe(3);
  });
});

describe("reads by range", () => {
  const cases: [string, Headers, Headers, boolean][] = [
    ["another ETag", { etag: '"v1"' }, { etag: '"v2"' }, true],
    ["another date", { "last-modified": OLD_DATE }, { "last-modified": NEW_DATE }, true],
    [
      "a weak ETag, another date",
      { etag: 'W/"x"', "last-modified": OLD_DATE },
      { etag: 'W/"x"', "last-modified": NEW_DATE },
      true,
    ],
    ["the same date", { "last-modified": OLD_DATE }, { "last-modified": OLD_DATE }, false],
    [
      "the same strong ETag from servers with two dates",
      { etag: '"x"', "last-modified": OLD_DATE },
      { etag: '"x"', "last-modified": NEW_DATE },
      false,
    ],
  ];
  for (const [name, before, after, isRefused] of cases) {
    test(name, async () => {
      let data = OTHER;
      server.answer = (request, response) => {
        const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
        const range = { "content-range": `bytes ${first}-${last}/${data.length}` };
        response.writeHead(206, { ...(data === OTHER ? before : after), ...range });
        response.end(data.subarray(Number(first), Number(last) + 1));
      };
      const source = await urlSource(`${server.base}/w.safetensors`);
      data = DATA;
      const reading = source.read(HALF, 4);
      if (isRefused) await expect(reading).rejects.toThrow(/the file changed on the server while it was read/);
      else expect(await reading).toHaveLength(4);
    });
  }
});

test("a page's fetch follows redirects by itself: one that ended at http is refused", async () => {
  const fetchUrl: typeof fetch = () => {
    const response = new Response(DATA.slice());
    Object.defineProperty(response, "url", { value: "http://mirror.test/w" });
    return Promise.resolve(response);
  };
  const sentence = /redirects from https to "http:\/\/mirror.test\/w"; give a URL that stays on https/;
  const url = "https://weights.test/w";
  await expect(downloadedSource(url, { fetch: fetchUrl })).rejects.toThrow(sentence);
  await expect(urlSource(url, { fetch: fetchUrl })).rejects.toThrow(sentence);
});

describe("dates as validators", () => {
  test("the same version is resumed", async () => {
    const halfOfData: Answer = (_, response) => {
      response.writeHead(200, { "content-length": DATA.length, "last-modified": OLD_DATE });
      response.write(DATA.subarray(0, HALF), () => setTimeout(() => response.destroy(), 60));
    };
    server.answer = halfOfData;
    await folder.expectRefusal("/w.safetensors", /broke off/);
    server.answer = ignoresIfRange({ "last-modified": OLD_DATE });
    expect(sha256(readFileSync(await folder.download("/w.safetensors")))).toBe(sha256(DATA));
    expect(server.log).toEqual(["all", expect.stringMatching(`^bytes=[1-9]\\d*- if ${OLD_DATE}$`)]);
  });

  test("a date of the second in which the response was sent tells no versions apart", async () => {
    const now = new Date().toUTCString();
    server.answer = firstHalf({ date: now, "last-modified": now });
    await folder.expectRefusal("/w.safetensors", /broke off/);
    server.answer = ignoresIfRange({ date: now, "last-modified": now });
    expect(sha256(readFileSync(await folder.download("/w.safetensors")))).toBe(sha256(DATA));
    expect(server.log).toEqual(["all", "all"]);
  });
});
