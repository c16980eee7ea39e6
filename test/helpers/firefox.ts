/**
 * A page in headless Firefox. WebGPU runs on the machine's Vulkan driver, such as lavapipe.
 * Puppeteer drives Firefox by WebDriver BiDi, which needs no program between the two.
 */
import { launch } from "puppeteer-core";
import type { Browser, Page } from "puppeteer-core";
import { findFirefox } from "../../scripts/browser.mjs";
import { browserEnvironment } from "./runtime-folder.js";

/** ESR hides WebGPU on Linux, and blocks drivers that run on the CPU. */
const PREFERENCES = { "dom.webgpu.enabled": true, "gfx.webgpu.ignore-blocklist": true };

/** Only a guard against hanging, as the tests' own: the first pipelines compile for minutes on a busy machine. */
const ANSWER_MS = 400_000;

export interface FirefoxPage {
  readonly page: Page;
  /** Addresses requested from other hosts. */
  readonly foreign: string[];
  /** Errors on the console, and uncaught exceptions. */
  readonly errors: string[];
  close(): Promise<void>;
}

type Environment = Readonly<Record<string, string>>;

async function launchFirefox(env: Environment): Promise<Browser> {
  const executablePath = findFirefox();
  if (executablePath === undefined) throw new Error("no Firefox was found: npm test installs it, or set FIREFOX_PATH");
  return launch({
    browser: "firefox",
    executablePath,
    headless: true,
    env: { ...browserEnvironment(), ...env },
    extraPrefsFirefox: PREFERENCES,
    protocolTimeout: ANSWER_MS,
  });
}

/**
 * Opens an address of this machine, such as serveFolder() gives. `env` adds variables, such as those of a driver.
 * @throws where no Firefox is found or none starts
 */
export async function openFirefox(url: string, env: Environment = {}): Promise<FirefoxPage> {
  const browser = await launchFirefox(env);
  const page = await browser.newPage();
  page.setDefaultTimeout(ANSWER_MS);
  const watched = watchPage(page, new URL(url).origin);
  await page.goto(url);
  return { page, ...watched, close: () => browser.close() };
}

/** Collects the page's requests to other hosts, and its errors. */
function watchPage(page: Page, origin: string): Pick<FirefoxPage, "foreign" | "errors"> {
  const foreign: string[] = [];
  const errors: string[] = [];
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !/^(data|blob):/.test(url)) foreign.push(url);
  });
  page.on("console", (message) => {
    if (message.type() === "error" && !message.location().url?.endsWith("favicon.ico")) errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(error instanceof Error ? error.message : String(error)));
  return { foreign, errors };
}
