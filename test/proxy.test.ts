/**
 * Downloads in Node through the proxies that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name, and redirects. Each runs in a
 * process of its own, which must also end: an agent that keeps its connections open would hold it.
 */
import { describe, expect, test } from "vitest";
import { useChild } from "./helpers/child.js";
import type { Ended } from "./helpers/child.js";
import { DATA, ranged, useFileServer } from "./helpers/file-server.js";
import type { Answer } from "./helpers/file-server.js";
import { CERTIFICATE, useProxyServer, useSecureServer } from "./helpers/proxy-server.js";

const server = useFileServer();
const secure = useSecureServer();
const proxy = useProxyServer(server, secure);
const run = useChild();

const NO_PROXIES = { http_proxy: "", HTTP_PROXY: "", https_proxy: "", HTTPS_PROXY: "", no_proxy: "", NO_PROXY: "" };

/** Opens `url` in a process of its own and prints its size, or the error's code and sentence. */
function download(url: string, env: Record<string, string> = {}): Promise<Ended> {
  const source = `
    import { openSource } from "./src/node.js";
    await openSource(${JSON.stringify(url)}, { cache: false }).then(
      (source) => console.log(source.size),
      (error) => console.log(error.code + " " + error.message),
    );`;
  const set = Object.fromEntries(Object.entries(NO_PROXIES).filter(([name]) => !(name.toUpperCase() in env)));
  // The lower-case names come first, so empty ones would hide the others.
  const hides = (name: string): boolean => name === name.toLowerCase() && name.toUpperCase() in env;
  const clean = Object.fromEntries(Object.entries(set).filter(([name]) => !hides(name)));
  return run(source, { env: { ...clean, NODE_EXTRA_CA_CERTS: CERTIFICATE, ...env } });
}

const sizeOfData = `${DATA.length}\n`;

describe("proxies", () => {
  test("https through a tunnel, http without one", async () => {
    server.answer = secure.answer = ranged();
    const env = { HTTP_PROXY: proxy.base, HTTPS_PROXY: proxy.base };
    expect(await download("https://weights.test/w.safetensors", env)).toMatchObject({ code: 0, out: sizeOfData });
    expect(await download("http://weights.test/w.safetensors", env)).toMatchObject({ code: 0, out: sizeOfData });
    expect(proxy.log).toEqual(["CONNECT weights.test:443", "GET http://weights.test/w.safetensors"]);
  });

  test("lower-case names, a proxy without http://, and HTTP_PROXY for https as well", async () => {
    secure.answer = ranged();
    const bare = proxy.base.slice("http://".length);
    for (const env of [{ https_proxy: bare }, { http_proxy: proxy.base }])
      expect(await download("https://weights.test/w.safetensors", env)).toMatchObject({ code: 0, out: sizeOfData });
    expect(proxy.log).toHaveLength(2);
  });

  test("NO_PROXY names hosts and domains to reach directly", async () => {
    server.answer = ranged();
    const env = { HTTP_PROXY: proxy.base, NO_PROXY: "example.org, 127.0.0.1" };
    expect(await download(`${server.base}/w.safetensors`, env)).toMatchObject({ code: 0, out: sizeOfData });
    expect(proxy.log).toEqual([]);
    expect((await download(`${server.base}/w.safetensors`, { ...env, NO_PROXY: "example.org" })).code).toBe(0);
    expect(proxy.log).toEqual([`GET ${server.base}/w.safetensors`]);
  });

  test("name and password of the proxy; without them the answer is 407", async () => {
    server.answer = secure.answer = ranged();
    proxy.credentials = "user:pass word";
    const named = proxy.base.replace("//", "//user:pass%20word@");
    for (const scheme of ["http", "https"]) {
      const url = `${scheme}://weights.test/w.safetensors`;
      const given = { HTTP_PROXY: named, HTTPS_PROXY: named };
      expect(await download(url, given)).toMatchObject({ code: 0, out: sizeOfData });
      const { out } = await download(url, { HTTP_PROXY: proxy.base, HTTPS_PROXY: proxy.base });
      expect(out).toMatch(/^bad-weights .*407/);
    }
  });

  test("what is no proxy for http is refused, and its password is not shown", async () => {
    const socks = await download("https://weights.test/w", { HTTPS_PROXY: "socks5://user:secret@127.0.0.1:1080" });
    expect(socks.out).toMatch(
      /^bad-option HTTPS_PROXY is a socks5:\/\/ URL; a proxy needs http:\/\/HOST:PORT or https:\/\/HOST:PORT/,
    );
    const odd = await download("https://weights.test/w", { HTTP_PROXY: "http://:secret:x" });
    expect(odd.out).toMatch(/^bad-option HTTP_PROXY is no URL; a proxy needs/);
    expect(socks.out + odd.out).not.toContain("secret");
  });
});

describe("redirects", () => {
  const to =
    (location: string): Answer =>
    (_, response) =>
      void response.writeHead(302, { location }).end();

  test("from https to http is refused, before anything is asked over http", async () => {
    server.answer = ranged();
    secure.answer = to(`${server.base}/w.safetensors`);
    const { out } = await download(`${secure.base}/w.safetensors`);
    expect(out).toMatch(/^bad-weights .*redirects from https to "http:.*; give a URL that stays on https/);
    expect(server.log).toEqual([]);
  });

  test("also by way of http back to https", async () => {
    server.answer = to(`${secure.base}/w.safetensors`);
    secure.answer = (request, response) =>
      (request.url === "/go" ? to(`${server.base}/back`) : ranged())(request, response);
    expect((await download(`${secure.base}/go`)).out).toMatch(/redirects from https to "http:/);
    expect(server.log).toEqual([]);
  });

  test("from http to https, and relative, are followed", async () => {
    server.answer = to(`${secure.base}/a/b`);
    secure.answer = (request, response) => (request.url === "/a/b" ? to("../w") : ranged())(request, response);
    expect(await download(`${server.base}/w.safetensors`)).toMatchObject({ code: 0, out: sizeOfData });
  });

  test("in circles, to a file, and to nowhere", async () => {
    server.answer = to("/again");
    expect((await download(`${server.base}/w`)).out).toMatch(/redirects more than 20 times; check the URL/);
    expect(server.log).toHaveLength(21);
    for (const target of ["file:///etc/passwd", "https://", "data:,x"]) {
      server.answer = to(target);
      expect((await download(`${server.base}/w`)).out).toMatch(/redirects to ".*", which is no http or https URL/);
    }
    server.answer = (_, response) => void response.writeHead(302).end();
    expect((await download(`${server.base}/w`)).out).toMatch(/the server answered 302 Found/);
  });
});
