/** A page in headless Chromium, served over 127.0.0.1. WebGPU runs on SwiftShader. */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { chromium } from "playwright-core";
import type { Browser, Page } from "playwright-core";
import { findBrowser } from "../../scripts/browser.mjs";
import type * as Library from "../../src/index.js";
import { root } from "./sources.js";

const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".json": "application/json",
  ".html": "text/html",
};

/** No sandbox, since tests may run as root; none of the requests that Chromium makes on its own. */
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
  /** Addresses requested from other hosts. */
  readonly foreign: string[];
  /** Errors on the console, and uncaught exceptions. */
  readonly errors: string[];
  close(): Promise<void>;
}

/** Opens a page with `html` as its body. Serves the files of `folder`; of the repository, modules are at /dist/... */
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

/** Functions that run in a page of openLibraryPage() find the library there. */
export interface LibraryGlobal {
  readonly library: typeof Library;
}

/** Opens a page with `html` as its body that has loaded the built library, without a bundler. */
export async function openLibraryPage(html = ""): Promise<OpenPage> {
  const script = 'import * as library from "/dist/src/index.js"; globalThis.library = library;';
  const open = await openPage(`${html}<script type="module">${script}</script>`);
  await open.page.waitForFunction(() => "library" in globalThis);
  return open;
}

export async function launch(...flags: string[]): Promise<Browser> {
  const executablePath = findBrowser();
  if (executablePath === undefined) throw new Error("no Chromium was found: npm test installs it");
  return chromium.launch({
    executablePath,
    headless: true,
    args: [...FLAGS, ...flags],
    ignoreDefaultArgs: ["--headless=old"],
  });
}

/** Only a guard against hanging, in milliseconds: machines that run the tests may be slow. */
const ACTION_TIMEOUT = 180_000;

/** Collects the page's requests to other hosts, and its errors, from now on. What is waited for there may take long. */
export function watch(page: Page, origin: string): Pick<OpenPage, "foreign" | "errors"> {
  page.setDefaultTimeout(ACTION_TIMEOUT);
  const foreign: string[] = [];
  const errors: string[] = [];
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !/^(data|blob):/.test(url)) foreign.push(url);
  });
  page.on("console", (message) => {
    if (message.type() === "error" && !message.location().url.endsWith("favicon.ico")) errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(error.message));
  return { foreign, errors };
}
