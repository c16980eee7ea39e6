/** A page in headless Chromium, served over 127.0.0.1. WebGPU runs on SwiftShader. */
import { chromium } from "playwright-core";
import type { Browser, Page } from "playwright-core";
import { findBrowser } from "../../scripts/browser.mjs";
import type * as Library from "../../src/index.js";
import { serveFolder } from "./serve-folder.js";
import { browserEnvironment } from "./runtime-folder.js";
import { root } from "./sources.js";

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

/**
 * Opens a page with `html` as its body. Serves the files of `folder`; of the repository, modules are at /dist/...
 * @param shared a browser that stays open with the caller; without it, the page has its own
 */
export async function openPage(html: string, folder = root, shared?: Browser): Promise<OpenPage> {
  const server = await serveFolder(html, folder);
  const browser = shared ?? (await launch());
  const context = await browser.newContext();
  const page = await context.newPage();
  const { foreign, errors } = watch(page, server.origin);
  await page.goto(server.origin);
  return {
    page,
    foreign,
    errors,
    async close() {
      await (shared ? context : browser).close();
      await server.close();
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
    env: browserEnvironment(),
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
