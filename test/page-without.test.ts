/** The web page where it cannot run: without JavaScript, from a file, and from an address that is not secure. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PAGE, buildPage, servePage } from "../scripts/page.mjs";
import { launch, watch } from "./helpers/page.js";

let browser: Browser;
let url: string;
let close: () => Promise<unknown>;
beforeAll(async () => {
  buildPage();
  ({ url, close } = await servePage(PAGE));
  browser = await launch("--host-resolver-rules=MAP insecure.test 127.0.0.1");
});
afterAll(async () => {
  await browser.close();
  await close();
});

/** What the pages of these tests asked of other hosts, and logged as errors. */
const seen: string[] = [];

async function opened(address: string, options: BrowserContextOptions = {}): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 390, height: 844 }, ...options });
  const { protocol, origin } = new URL(address);
  const { foreign, errors } = watch(page, protocol === "file:" ? "file://" : origin);
  page.once("close", () => seen.push(...foreign, ...errors));
  await page.goto(address);
  return page;
}

/** The width of the picture that shows what the page does; 0 where it did not load. */
const widthOfPicture = (page: Page): Promise<number> =>
  page
    .locator("img:visible")
    .evaluateAll((all) => Math.max(0, ...all.map((one) => (one as HTMLImageElement).naturalWidth)));

const NOT_STARTED = /This page has not started[\s\S]*JavaScript and WebGPU[\s\S]*https:\/\//;

/** Browsers load no module from a file. */
const NO_MODULES = /CORS|ERR_FAILED|file:/;

describe("where the page cannot run", () => {
  it("says so without JavaScript, and shows what it does", async () => {
    const page = await opened(url, { javaScriptEnabled: false });
    expect(await page.locator("body").innerText()).toMatch(NOT_STARTED);
    await expect.poll(() => widthOfPicture(page)).toBeGreaterThan(300);
    await page.close();
  });

  it("says so as a file, and shows what it does", async () => {
    const page = await opened(pathToFileURL(join(PAGE, "index.html")).href);
    await page.getByText("This page has not started").waitFor();
    expect(await page.locator("body").innerText()).toMatch(NOT_STARTED);
    await expect.poll(() => widthOfPicture(page)).toBeGreaterThan(300);
    await page.close();
  });

  it("says so at an address that is not secure, and shows what it does", async () => {
    const page = await opened(url.replace("localhost", "insecure.test"));
    const alert = page.getByRole("alert").filter({ hasText: "This address is not secure" });
    await alert.waitFor();
    expect(await alert.innerText()).toContain("Browsers offer WebGPU only over https and on localhost");
    expect(await page.title()).toBe("This address is not secure");
    await expect.poll(() => widthOfPicture(page)).toBeGreaterThan(300);
    await page.close();
  });

  it("asks no other host, and logs no error but that of a file's modules", () => {
    expect(seen.filter((text) => !NO_MODULES.test(text))).toEqual([]);
  });
});
