/** The main path of the web page in Firefox: the first picture, views, the figure of skips and other weights. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PAGE, buildPage, servePage } from "../scripts/page.mjs";
import { openFirefox } from "./helpers/firefox.js";
import type { FirefoxPage } from "./helpers/firefox.js";

/** Only a guard: the first kernels compile for long on a busy machine. */
const TIMEOUT = 300_000;

let firefox: FirefoxPage;
let close: () => Promise<void>;

beforeAll(async () => {
  buildPage();
  const served = await servePage(PAGE);
  close = served.close;
  firefox = await openFirefox(served.url);
  await segmented();
});
afterAll(async () => {
  await firefox.close();
  await close();
});

/** Waits until the picture on show is segmented. */
async function segmented(): Promise<void> {
  await firefox.page.waitForFunction(
    () =>
      document.querySelector("#panels[aria-busy=false]") &&
      document.getElementById("status")?.textContent?.includes("pixels in"),
    { timeout: TIMEOUT },
  );
}
const textOf = (selector: string): Promise<string> =>
  firefox.page.$eval(selector, (found) => found.textContent?.replace(/\s+/g, " ").trim() ?? "");
/** Does something in the page that makes the networks run, and waits until they have. */
async function segmentedAfter(act: () => Promise<unknown>): Promise<void> {
  await firefox.page.evaluate(() => document.getElementById("status")?.replaceChildren());
  await act();
  await segmented();
}

describe("in Firefox, the page", () => {
  it("segments the first sample, and shows loupes and readings", async () => {
    expect(await textOf("#legend")).toMatch(/person ?4[45]\.\d/);
    expect(await firefox.page.$$eval(".lens", (all) => all.map((one) => getComputedStyle(one).visibility))).toEqual(
      Array.from({ length: 4 }, () => "visible"),
    );
    await firefox.page.waitForFunction(() => /%$/.test(document.querySelectorAll(".reading")[3]?.textContent ?? ""));
  });

  it("shows where networks differ, and another sample under the divider", async () => {
    await firefox.page.click("input[value=differ]");
    expect(await textOf(".panel:nth-child(2) figcaption")).toMatch(/^32s → 16s ?[\d.]+\s% of pixels change$/);
    await segmentedAfter(() => firefox.page.click("[data-sample=cat]"));
    expect(await textOf("#legend")).toContain("cat");
    await firefox.page.click("input[value=divide]");
    expect(await firefox.page.$$eval(".panel", (all) => all.filter((one) => !(one as HTMLElement).hidden).length)).toBe(
      1,
    );
    expect(await firefox.page.evaluate(() => location.hash)).toBe("#sample=cat&view=divide");
    await firefox.page.click("input[value=grid]");
  });

  it("draws the figure of skips", async () => {
    await firefox.page.click("nav a");
    await firefox.page.waitForSelector("#figure[aria-busy=false] canvas", { timeout: TIMEOUT });
    expect(await textOf("#figure")).toContain("more cat");
  });

  it("loads other weights", async () => {
    await firefox.page.click("#weights-open");
    await firefox.page.waitForSelector("#weights-panel .small");
    await segmentedAfter(() => firefox.page.click("#weights-panel .small"));
    expect(await textOf("#network-name")).toBe("icons");
  });

  it("asked no other host, and logged no error", () => {
    expect([firefox.foreign, firefox.errors]).toEqual([[], []]);
  });
});
