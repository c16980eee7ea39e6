/** The web page where something fails while it is open: its server, its worker, the width of its window. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { innerTextOf, segmentedAfter, useDemo, workerOf } from "./helpers/demo.js";
import { useQuickNetwork } from "./helpers/quick-network.js";
import { root } from "./helpers/sources.js";
import { closeTeaching, openTeaching } from "./helpers/teaching.js";

const demo = useDemo();
beforeAll(() => useQuickNetwork(demo().page));

/** Does something while the server sends none of these files. */
async function without(files: RegExp, act: () => Promise<unknown>): Promise<void> {
  await demo().page.route(files, (route) => route.abort("connectionrefused"));
  await act();
  await demo().page.unroute(files);
}

const alertText = () => innerTextOf(demo().page, "#alert-text");
const NO_ANSWER =
  "the server of this page did not send what is needed. " +
  "Check the connection and try again, or reload the page: it may have been updated.";

describe("where the server does not answer", () => {
  it("the page says so of a panel", async () => {
    const { page } = demo();
    await without(/assets\/panel-.*\.css$/, async () => {
      await page.click("#teach");
      await expect.poll(alertText).toBe(`"Teach it" could not be opened: ${NO_ANSWER}`);
    });
    await page.click("#dismiss");
  });

  it("the panel has its style when the server is back", async () => {
    const { page } = demo();
    await openTeaching(page);
    expect(await page.locator(".teach").evaluate((it) => getComputedStyle(it).display)).toBe("grid");
    await closeTeaching(page);
  });

  it("the page says so of a sample, and it comes with the next try", async () => {
    const { page } = demo();
    const coffee = page.getByRole("button", { name: "Sample: coffee" });
    await without(/coffee-[^/]*\.png$/, async () => {
      await coffee.click();
      await expect.poll(alertText).toBe(`The sample "coffee" could not be loaded: ${NO_ANSWER}`);
    });
    await segmentedAfter(page, () => coffee.click());
    expect(await page.locator("#alert").isVisible()).toBe(false);
  });
});

/** Drops files and folders of this machine on the page, as a file manager does. */
async function drop(files: readonly string[]): Promise<void> {
  const session = await demo().page.context().newCDPSession(demo().page);
  const data = { items: [], files: [...files], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const)
    await session.send("Input.dispatchDragEvent", { type, x: 400, y: 400, data });
  await session.detach();
}

describe("dropped files of which some are no pictures", () => {
  const CAT = join(root, "samples/photographs/chelsea.png");

  it("are said to be none, and the first picture among them is shown", async () => {
    const { page } = demo();
    await segmentedAfter(page, () => drop([join(root, "package.json"), join(root, "LICENSE"), CAT]));
    await expect.poll(alertText).toMatch(/^(package\.json|LICENSE) is not a picture this browser can read/);
    await page.getByRole("button", { name: "chelsea.png", pressed: true }).waitFor();
    expect(await page.getByRole("button", { name: /json|LICENSE/ }).count()).toBe(0);
    expect(await innerTextOf(page, "#legend")).toContain("cat");
    await page.click("#dismiss");
  });

  it("and folders are told apart", async () => {
    const { page } = demo();
    const folder = mkdtempSync(join(tmpdir(), "fcn-photos-"));
    try {
      const sentence = "Folders are not opened: open the pictures that are in them.";
      await drop([folder]);
      await expect.poll(alertText).toBe(sentence);
      await page.click("#dismiss");
      await segmentedAfter(page, () => drop([folder, CAT]));
      await expect.poll(alertText).toBe(sentence);
      await page.click("#dismiss");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

it("a server of another origin that does not allow the page is told as one that may not", async () => {
  const { page } = demo();
  await page.click("#weights-open");
  await page.getByRole("textbox", { name: "Address" }).fill(demo().url.replace("localhost", "127.0.0.1") + "net.pth");
  await page.getByRole("button", { name: "Load", exact: true }).click();
  await expect.poll(alertText, { timeout: 30_000 }).toMatch(/fetched .*A server of another origin must allow .*CORS/);
  await page.click("#dismiss");
  await page.click("#weights-open");
});

describe("a window without a width", () => {
  it("does not stop the page", async () => {
    const { page, errors } = demo();
    errors.length = 0;
    for (const width of [30, 1, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    }
    await segmentedAfter(page, () => page.getByRole("button", { name: "Sample: cat" }).click());
    expect(await page.locator("#fatal").isVisible()).toBe(false);
    expect(errors).toEqual([]);
  });
});

describe("a worker that stops", () => {
  it("is no network that could not be loaded", async () => {
    const { page } = demo();
    await workerOf(page).evaluate(() => void setTimeout(() => reportError(new Error("x"))));
    await page.locator("#fatal").waitFor();
    expect(await innerTextOf(page, "#fatal")).toMatch(/^The computation stopped\s+The worker stopped: .*x\./);
  });
});
