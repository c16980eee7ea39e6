/** A page in headless Chromium, served from this repository over 127.0.0.1. WebGPU runs on SwiftShader. */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import type { Browser, Page } from "playwright-core";
import { findBrowser } from "../../scripts/browser.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".json": "application/json",
  ".html": "text/html",
};

/** Chromium without a sandbox (tests run as root), without the requests it makes on its own. */
const FLAGS = [
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

export interface OpenPage {
  readonly page: Page;
  /** What the page asked for beyond this server. */
  readonly foreign: string[];
  /** Messages of its console of type error, and exceptions nobody caught. */
  readonly errors: string[];
  close(): Promise<void>;
}

/** Opens an empty page with `html` as its body; modules are at /dist/..., or wherever they are in another `folder`. */
export async function openPage(html: string, folder = root): Promise<OpenPage> {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? "/", "http://host").pathname));
    if (path === "/") {
      response.setHeader("content-type", "text/html").end(`<!doctype html><title>test</title>${html}`);
      return;
    }
    readFile(join(folder, path)).then(
      (bytes) => response.setHeader("content-type", TYPES[extname(path)] ?? "application/octet-stream").end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const browser = await launch();
  const page = await browser.newPage();
  const { foreign, errors } = watch(page, origin);
  await page.goto(origin);
  return {
    page,
    foreign,
    errors,
    async close() {
      await browser.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export async function launch(...flags: string[]): Promise<Browser> {
  const executablePath = findBrowser();
  if (executablePath === undefined) throw new Error("no Chromium: run npm test, whose set-up installs it");
  return chromium.launch({
    executablePath,
    headless: true,
    args: [...FLAGS, ...flags],
    ignoreDefaultArgs: ["--headless=old"],
  });
}

/** Collects the page's requests to other hosts, and its errors, from now on. */
export function watch(page: Page, origin: string): Pick<OpenPage, "foreign" | "errors"> {
  const foreign: string[] = [];
  const errors: string[] = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(origin) && !/^(data|blob):/.test(request.url())) foreign.push(request.url());
  });
  page.on("console", (message) => {
    if (message.type() === "error" && !message.location().url.endsWith("favicon.ico")) errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(error.message));
  return { foreign, errors };
}
