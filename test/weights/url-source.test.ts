/** URLs as byte sources, against servers that behave, refuse, break off and lie. */

import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { importCommand } from "../../src/cli/import.js";
import { inspect } from "../../src/cli/inspect.js";
import { loadFcn } from "../../src/node.js";
import { reasonOf } from "../../src/weights/http.js";
import { openCheckpoint } from "../../src/weights/open.js";
import { urlSource } from "../../src/weights/url-source.js";
import { runCommand } from "../helpers/commands.js";
import { withCheckpoint } from "../helpers/small-checkpoint.js";
import { expected, fixture } from "./fixtures.js";
import { DATA, useRangeServer } from "./range-server.js";

const server = useRangeServer();
const folder = mkdtempSync(join(tmpdir(), "fcn-url-"));
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
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
      const opening = urlSource(server.base + url);
      await expect(opening).rejects.toMatchObject({ code: "bad-weights" });
      await expect(opening).rejects.toThrow(reason);
    });
  }
  test("no server", async () => expect(urlSource("http://127.0.0.1:1/x")).rejects.toThrow(/could not be fetched/));
  test("a total that lies fails at the read that finds out", async () => {
    const source = await urlSource(`${server.base}/range-total-lies`);
    await expect(source.read(5_000_000, 10)).rejects.toMatchObject({ code: "bad-weights" });
  });
  test("a file that changes, and a server that stops doing ranges", async () => {
    server.hits = 0;
    const changing = await urlSource(`${server.base}/changes`);
    await expect(changing.read(500_000, 10)).rejects.toThrow(/changed on the server/);
    server.hits = 0;
    const stopping = await urlSource(`${server.base}/stops`);
    await expect(stopping.read(500_000, 10)).rejects.toThrow(/stopped honouring ranges at offset 262144/);
  });
  test("a failed block is asked for again", async () => {
    server.hits = 0;
    const source = await urlSource(`${server.base}/flaky`);
    await expect(source.read(500_000, 10)).rejects.toThrow(/503/);
    expect(Buffer.compare(await source.read(500_000, 10), DATA.subarray(500_000, 500_010))).toBe(0);
  });
  test("more than maxBytes", async () =>
    expect(urlSource(`${server.base}/chunked`, { maxBytes: 1000 })).rejects.toThrow(/sent more than 1000 bytes/));
  test("an aborted signal", async () =>
    expect(urlSource(`${server.base}/whole`, { signal: AbortSignal.abort() })).rejects.toThrow(/could not be fetched/));
  test("only the parts needed travel: one tensor of an 11 MB file, few and small requests", async () => {
    server.requests.length = 0;
    const checkpoint = await openCheckpoint(await urlSource(`${server.base}/fixture/fcn-resnet101-w16.pth`));
    expect((await checkpoint.read("backbone.conv1.weight")).length).toBe(16 * 3 * 49);
    expect(server.requests.length).toBeLessThan(8);
    expect(server.requests.every((range) => range.startsWith("bytes="))).toBe(true);
  });
  test("every fixture over HTTP", async () => {
    for (const [name, tensors] of Object.entries(expected)) {
      const checkpoint = await openCheckpoint(await urlSource(`${server.base}/fixture/${name}`));
      for (const [key, { values }] of Object.entries(tensors))
        expect([...(await checkpoint.readFloat64(key))]).toEqual(values);
    }
  });
});

test("the reason of a failed fetch is found below, and an error that is its own cause ends too", () => {
  const deep = new TypeError("fetch failed", { cause: new Error("", { cause: new Error("connect ECONNREFUSED") }) });
  expect(reasonOf(deep)).toBe("fetch failed: connect ECONNREFUSED");
  const circular = new Error("a proxy");
  circular.cause = circular;
  expect(reasonOf(circular)).toBe("a proxy");
});

describe("secrets in a URL", () => {
  test("a name and a password are refused without being shown, and nothing is fetched", async () => {
    server.requests.length = 0;
    const url = `${server.base}/w.pth`.replace("//", "//user:secret@");
    const sentence = /^127\.0\.0\.1:\d+: leave the name and password out of the URL$/;
    for (const fetching of [
      () => runCommand(inspect, url),
      () => runCommand(importCommand, url, "--out", join(folder, "out.safetensors")),
      () => loadFcn({ weights: url, cache: false }),
    ])
      await expect(fetching()).rejects.toThrow(sentence);
    expect(server.requests).toEqual([]);
  });

  test("a signature does not get into the metadata of an import", async () => {
    const files = createServer((_, response) => response.end(fixture("fcn-resnet101-w16.pth"))).listen(0, "127.0.0.1");
    await once(files, "listening");
    const address = `http://127.0.0.1:${(files.address() as AddressInfo).port}/net.pth`;
    const out = join(folder, "out.safetensors");
    vi.stubEnv("FCN_WEBGPU_CACHE", folder);
    await runCommand(importCommand, `${address}?sig=secret#part`, "--out", out);
    await withCheckpoint(out, async ({ metadata }) => expect(metadata.get("source")).toBe(address));
    files.close();
  });
});
